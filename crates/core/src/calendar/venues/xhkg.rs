//! `XHKG`: the Hong Kong stock market, with its lunch break; half days have the morning only.
//!
//! Checked against exchange_calendars 4.13.2: every session date, open and close from 1990-01-02 to
//! 2027-11-22, breaks from 2012-03-05. It carries today's break for all years; here each period has its own.
//!
//! Lunar holidays are listed, not computed: the government gazettes them, and moves one that falls on a
//! Sunday or on another holiday. Dates with that library as their only witness are marked so. Two whole-day
//! suspensions it does not know are not carried either: 2023-09-01 (typhoon) and 2023-09-08 (black
//! rainstorm).

use jiff::civil::Weekday::Monday;

use crate::calendar::rules::When::{self, Dates, Easter, Fixed, Nth};
use crate::calendar::rules::{Observed, Period, Rule, Venue, WORKING_WEEK, at, stretch};

const HOLIDAYS: &str =
    "HKEX holiday schedule, General Holidays Ordinance (Cap. 149); cross-checked: exchange_calendars 4.13.2";
const WEATHER: &str = "HKEX: no trading in severe weather; cross-checked: exchange_calendars 4.13.2";
const HALF_DAYS: &str = "HKEX half-day trading; cross-checked: exchange_calendars 4.13.2";
const LIBRARY_ALONE: &str = "exchange_calendars 4.13.2 alone; no general holiday before 1999";
const SUNDAY_ON_MONDAY: Observed = Observed::SUNDAY_ON_MONDAY;

pub(in crate::calendar) static VENUE: Venue = Venue {
    id: "XHKG",
    aliases: &[],
    hints: &["HKEX", "SEHK", "HKSE", "HK", "HONGKONG"],
    description: "Hong Kong stock market: 09:30 to 12:00 and 13:00 to 16:00 Hong Kong",
    zone: "Asia/Hong_Kong",
    valid: (19900101, 20271231),
    week: WORKING_WEEK,
    hours: &[
        Period {
            from: 19900101,
            stretches: &[stretch(at(10, 0), at(12, 30)), stretch(at(14, 30), at(16, 0))],
        },
        Period {
            from: 20110307,
            stretches: &[stretch(at(9, 30), at(12, 0)), stretch(at(13, 30), at(16, 0))],
        },
        Period { from: 20120305, stretches: &[stretch(at(9, 30), at(12, 0)), stretch(at(13, 0), at(16, 0))] },
    ],
    extended: None,
    rules: &[
        Rule::closed("New Year's Day", Fixed(1, 1), HOLIDAYS).observed(SUNDAY_ON_MONDAY),
        Rule::closed("Lunar New Year", LUNAR_NEW_YEAR, HOLIDAYS),
        Rule::closed("Ching Ming Festival", CHING_MING, HOLIDAYS),
        Rule::closed("Good Friday", Easter(-2), HOLIDAYS),
        Rule::closed("Easter Monday", Easter(1), HOLIDAYS),
        Rule::closed("Labour Day", Fixed(5, 1), HOLIDAYS).observed(SUNDAY_ON_MONDAY).since(1999),
        Rule::closed("Birthday of the Buddha", BUDDHA, HOLIDAYS),
        Rule::closed("Birthday of the Buddha", BUDDHA_BEFORE_1999, LIBRARY_ALONE),
        Rule::closed("Tuen Ng Festival", TUEN_NG, HOLIDAYS),
        Rule::closed("Queen's Birthday", QUEENS_BIRTHDAY, HOLIDAYS),
        Rule::closed("Establishment Day of the SAR", Fixed(7, 1), HOLIDAYS)
            .observed(SUNDAY_ON_MONDAY)
            .since(1997),
        Rule::closed("day following Establishment Day", Dates(&[19970702]), HOLIDAYS),
        Rule::closed("Liberation Day", Nth(8, Monday, -1), HOLIDAYS).until(1996),
        Rule::closed("Sino-Japanese War Victory Day", Dates(&[19970818, 19980817]), HOLIDAYS),
        Rule::closed("day following the Mid-Autumn Festival", MID_AUTUMN, HOLIDAYS),
        Rule::closed("National Day", Fixed(10, 1), HOLIDAYS).observed(SUNDAY_ON_MONDAY).since(1997),
        Rule::closed("day following National Day", Dates(&[19971002, 19981002]), HOLIDAYS),
        Rule::closed("Chung Yeung Festival", CHUNG_YEUNG, HOLIDAYS),
        Rule::closed("Christmas Day", Fixed(12, 25), HOLIDAYS).observed(Observed::SUNDAY_ON_TUESDAY),
        Rule::closed("first weekday after Christmas", Fixed(12, 26), HOLIDAYS).observed(SUNDAY_ON_MONDAY),
        Rule::closed("millennium", Dates(&[19991231]), HOLIDAYS),
        Rule::closed("seventieth anniversary of the victory of 1945", Dates(&[20150903]), HOLIDAYS),
        Rule::closed("typhoon", TYPHOONS, WEATHER),
        // Half days end with the morning: 12:30 while the morning ran to then.
        Rule::early(at(12, 30), "early close (Christmas Eve)", Fixed(12, 24), HALF_DAYS).until(2010),
        Rule::early(at(12, 0), "early close (Christmas Eve)", Fixed(12, 24), HALF_DAYS).since(2011),
        Rule::early(at(12, 30), "early close (New Year's Eve)", Fixed(12, 31), HALF_DAYS).until(2010),
        Rule::early(at(12, 0), "early close (New Year's Eve)", Fixed(12, 31), HALF_DAYS).since(2011),
        Rule::early(at(12, 0), "early close (eve of Lunar New Year)", LUNAR_NEW_YEARS_EVE, HALF_DAYS),
    ],
};

/// The first three days of the first lunar month, or their substitutes.
const LUNAR_NEW_YEAR: When = Dates(&[
    19900126, 19900129, 19910215, 19920204, 19920205, 19920206, 19930122, 19930125, 19940210, 19940211,
    19950131, 19950201, 19950202, 19960219, 19960220, 19960221, 19970207, 19980128, 19980129, 19980130,
    19990216, 19990217, 19990218, 20000204, 20000207, 20010124, 20010125, 20010126, 20020212, 20020213,
    20020214, 20030131, 20030203, 20040122, 20040123, 20050209, 20050210, 20050211, 20060130, 20060131,
    20070219, 20070220, 20080207, 20080208, 20090126, 20090127, 20090128, 20100215, 20100216, 20110203,
    20110204, 20120123, 20120124, 20120125, 20130211, 20130212, 20130213, 20140131, 20140203, 20150219,
    20150220, 20160208, 20160209, 20160210, 20170130, 20170131, 20180216, 20180219, 20190205, 20190206,
    20190207, 20200127, 20200128, 20210212, 20210215, 20220201, 20220202, 20220203, 20230123, 20230124,
    20230125, 20240212, 20240213, 20250129, 20250130, 20250131, 20260217, 20260218, 20260219, 20270208,
    20270209,
]);

/// From 2014, as the library has them; it has earlier eves in full.
const LUNAR_NEW_YEARS_EVE: When = Dates(&[
    20140130, 20150218, 20170127, 20180215, 20190204, 20200124, 20210211, 20220131, 20240209, 20250128,
    20260216, 20270205,
]);

/// Solar longitude 15°: 4 or 5 April; moved when Easter takes the day.
const CHING_MING: When = Dates(&[
    19900405, 19910405, 19930405, 19940405, 19950405, 19960404, 19980406, 19990406, 20000404, 20010405,
    20020405, 20040405, 20050405, 20060405, 20070405, 20080404, 20100406, 20110405, 20120404, 20130404,
    20150407, 20160404, 20170404, 20180405, 20190405, 20210406, 20220405, 20230405, 20240404, 20250404,
    20260407, 20270405,
]);

/// The eighth day of the fourth lunar month.
const BUDDHA: When = Dates(&[
    20000511, 20010430, 20020520, 20030508, 20040526, 20050516, 20060505, 20070524, 20080512, 20100521,
    20110510, 20130517, 20140506, 20150525, 20170503, 20180522, 20190513, 20200430, 20210519, 20220509,
    20230526, 20240515, 20250505, 20260525, 20270513,
]);

/// The same day in the years before it became a holiday.
const BUDDHA_BEFORE_1999: When =
    Dates(&[19900502, 19910521, 19920511, 19930528, 19940518, 19950508, 19960524, 19970514, 19980504]);

/// The fifth day of the fifth lunar month.
const TUEN_NG: When = Dates(&[
    19900528, 19910618, 19920605, 19930624, 19940614, 19950602, 19960620, 19970609, 19990618, 20000606,
    20010625, 20030604, 20040622, 20060531, 20070619, 20080609, 20090528, 20100616, 20110606, 20130612,
    20140602, 20160609, 20170530, 20180618, 20190607, 20200625, 20210614, 20220603, 20230622, 20240610,
    20260619, 20270609,
]);

/// Proclaimed each June, until 1997.
const QUEENS_BIRTHDAY: When =
    Dates(&[19900618, 19910617, 19920615, 19930614, 19940613, 19950619, 19960617, 19970630]);

/// The sixteenth day of the eighth lunar month.
const MID_AUTUMN: When = Dates(&[
    19901004, 19910923, 19940921, 19970917, 19981006, 20000913, 20011002, 20030912, 20040929, 20050919,
    20070926, 20080915, 20100923, 20110913, 20121002, 20130920, 20140909, 20150928, 20160916, 20171005,
    20180925, 20201002, 20210922, 20220912, 20240918, 20251007, 20270916,
]);

/// The ninth day of the ninth lunar month.
const CHUNG_YEUNG: When = Dates(&[
    19901026, 19911016, 19921005, 19941013, 19951101, 19961021, 19971010, 19981028, 19991018, 20001006,
    20011025, 20021014, 20041022, 20051011, 20061030, 20071019, 20081007, 20091026, 20111005, 20121023,
    20131014, 20141002, 20151021, 20161010, 20181017, 20191007, 20201026, 20211014, 20221004, 20231023,
    20241011, 20251029, 20261019, 20271008,
]);

/// Trading was called off for the whole day.
const TYPHOONS: When = Dates(&[
    19920722, 19930917, 19990916, 20010706, 20010725, 20080806, 20080822, 20110929, 20130814, 20160802,
    20161021, 20170823, 20201013, 20211013, 20230717, 20240906,
]);
