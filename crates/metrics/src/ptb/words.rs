//! The words that the lexer treats apart, as data: what Stanford CoreNLP 3.4.1 was seen to know, in letters of either case
//! unless said otherwise.
//!
//! Abbreviations of up to five letters were found by trying every string of that length; longer ones among the beginnings
//! of 160,000 words.

/// Abbreviations that may end a sentence: a capital after them adds a full stop of its own ("Co. The" -> "co. . the").
pub(super) const MAY_END_SENTENCE: &[&str] = &[
    "al", "ala", "apr", "ariz", "assn", "aug", "bhd", "bldg", "blvd", "bros", "calif", "co",
    "colo", "conn", "corp", "cos", "ct", "dak", "dec", "esq", "est", "etc", "ext", "feb", "fla",
    "fri", "ga", "inc", "ind", "intl", "jan", "jr", "jul", "jun", "kan", "kans", "ky", "ltd",
    "mar", "md", "mich", "minn", "mo", "mon", "mont", "neb", "nev", "nov", "oct", "okla", "penn",
    "plc", "rd", "rt", "sep", "sept", "seq", "sq", "sr", "sys", "tel", "tenn", "thu", "thurs",
    "tue", "tues", "univ", "va", "vt", "wed", "wis", "wisc", "wyo",
];

/// Of the same kind, but only when they begin with a capital: "Mass." against "mass.".
pub(super) const CAPITAL_MAY_END_SENTENCE: &[&str] = &[
    "ark", "az", "del", "ill", "la", "mass", "miss", "ore", "pa", "tex", "wash",
];

/// Of the same kind, but not in capitals throughout.
pub(super) const SMALL_MAY_END_SENTENCE: &[&str] = &[
    "ppte", "pptes", "ppty", "pptys", "pte", "ptes", "pty", "ptys",
];

/// Abbreviations that stand before what they belong to, so that no sentence ends with them.
pub(super) const BEFORE_A_NAME: &[&str] = &[
    "adj", "adm", "adv", "alex", "assoc", "asst", "atty", "attys", "ave", "brig", "capt", "cf",
    "cie", "cmdr", "col", "comdr", "cpl", "dept", "det", "dr", "drs", "elec", "ens", "ft", "gen",
    "gov", "govs", "hon", "insp", "invt", "jos", "lieut", "lt", "maj", "messrs", "mlle", "mme",
    "mr", "mrs", "ms", "msgr", "mt", "natl", "pfc", "ph", "pres", "prof", "profs", "pvt", "rep",
    "reps", "rev", "sen", "sens", "sfc", "sgt", "spc", "st", "ste", "supt", "supts", "treas", "vs",
    "wm",
];

/// Of the same kind, but not in capitals throughout.
pub(super) const SMALL_BEFORE_A_NAME: &[&str] = &["mfg", "mtg"];

/// Abbreviations only before a number: "no. 5", but "no .".
pub(super) const BEFORE_A_NUMBER: &[&str] =
    &["art", "ca", "fig", "figs", "no", "nos", "op", "pp", "prop"];

/// Words that begin a sentence when they follow an abbreviation with a capital: "U.S. The" -> "u.s. . the".
pub(super) const SENTENCE_STARTS: &[&str] = &[
    "a",
    "about",
    "according",
    "additionally",
    "after",
    "an",
    "as",
    "at",
    "but",
    "earlier",
    "he",
    "her",
    "here",
    "however",
    "if",
    "in",
    "it",
    "last",
    "many",
    "more",
    "mr.",
    "ms.",
    "now",
    "once",
    "one",
    "other",
    "our",
    "she",
    "since",
    "so",
    "some",
    "such",
    "that",
    "the",
    "their",
    "then",
    "there",
    "these",
    "they",
    "this",
    "we",
    "what",
    "when",
    "while",
    "yet",
    "you",
];

/// Two words written as one, and the letters of the first.
pub(super) const TWO_IN_ONE: &[(&str, usize)] = &[
    ("cannot", 3),
    ("gonna", 3),
    ("gotta", 3),
    ("gimme", 3),
    ("lemme", 3),
    ("wanna", 3),
];

/// Words with a plain apostrophe (not a curly one) that stay whole.
pub(super) const WITH_APOSTROPHE: &[&str] = &[
    "c'mon",
    "e'er",
    "ev'ry",
    "li'l",
    "nat'l",
    "nor'easter",
    "s'mores",
];

/// Words with any apostrophe at their end that stay whole.
pub(super) const BEFORE_APOSTROPHE: &[&str] = &["dunkin", "ol", "somethin"];

/// Words with any apostrophe at their beginning that stay whole.
pub(super) const AFTER_APOSTROPHE: &[&str] = &["cause", "em", "n", "til", "till"];

/// Extensions that make the name of a file.
pub(super) const EXTENSIONS: &[&str] = &[
    "bat", "bmp", "c", "cgi", "class", "cpp", "dll", "doc", "docx", "exe", "gif", "gz", "h", "htm",
    "html", "jar", "java", "jpeg", "jpg", "mov", "mp3", "pdf", "php", "pl", "png", "ppt", "ps",
    "py", "sql", "tar", "txt", "wav", "x", "xml", "zip",
];

/// Top-level domains that make an address of what stands before them.
pub(super) const TOP_LEVEL_DOMAINS: &[&str] = &["com", "edu", "net", "org"];

/// Names between `&` and `;`, in letters of either case, and how the token is written (`None`: as it stands).
/// [`VOWEL_ENTITIES`] are more of them.
pub(super) const ENTITIES: &[(&str, Option<&str>)] = &[
    ("amp", Some("&")),
    ("cdq", None),
    ("gt", Some(">")),
    ("ht", None),
    ("lr", None),
    ("lt", Some("<")),
    ("md", Some("--")),
    ("mdash", Some("--")),
    ("nbsp", Some("")),
    ("ndash", Some("--")),
    ("odq", None),
    ("qc", None),
    ("ql", None),
    ("qr", None),
    ("tl", None),
    ("ur", None),
];

/// What follows the vowel in the entities of accented vowels.
pub(super) const VOWEL_ENTITIES: &[&str] = &["acute", "grave", "uml"];
