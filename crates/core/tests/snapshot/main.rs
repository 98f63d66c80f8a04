//! A run that is saved anywhere and restored elsewhere goes on as if nothing had happened: what it tells, what views show, what it
//! counts, and what it saves next, bit for bit. And whatever becomes of the bytes, they are read or refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that can't go on fails")]

mod damage;
mod goes_on;
mod kept;
mod lanes;
mod run;
mod shards;
mod states;
