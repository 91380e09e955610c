#!/usr/bin/env python3
"""What Stanford's PTBTokenizer makes of made-up captions: the maker of crates/metrics/tests/ptb/pairs.jsonl.

    python3 reference/ptb_pairs.py .../pycocoevalcap/tokenizer/stanford-corenlp-3.4.1.jar > crates/metrics/tests/ptb/pairs.jsonl

Runs the jar that comes with pycocoevalcap 1.2 (Java in a UTF-8 locale) over grids of our own. A line of small letters
follows each caption, so that none sees the next: after "etc." the original looks for a capital on the next line.
Each line of the output: [kind, caption, tokens with punctuation].
"""
import json, os, random, string, subprocess, sys, tempfile

RANDOM = random.Random(341)
MARKS = string.punctuation


def within(templates, words):
    return [t.replace("{}", w) for w in words for t in templates]


def some(captions, n):
    return captions if len(captions) <= n else RANDOM.sample(captions, n)


APOSTROPHES = """I'm you've she'd they'll it's dog's dogs' don't won't can't cannot ain't y'all y'all've d'ye o'clock O'Hara
    ma'am Hawai'i 'em 'tis 'twas 'til 'cause '70s '95 rock'n'roll 'n' more'n c'mon li'l ne'er e'er s'mores cap'n ol' goin'
    gonna gotta wanna gimme lemme dunno that'd've who's-who don’t it’s ’tis o’clock don`t she‘s l'eau d'Or qu'on J'ai
    somethin' nothin' po'boy 'bout g'day G'day nor'easter cannot's n't 's""".split()
NUMBERS = """5 5. .5 -5 +5.5 5,000 5,000.25 1,2,3 10:30 10:30pm 5pm 5p.m. 1/2 1/2/2003 31-12-99 12/31/99 2003-01-02 3-1/2 24/7
    1.2.3 1.2.3.4 50Hz 3.5kHz 440hz 20-30 20–30 3x 2nd 1980s 1980's mid-90s 5' 5'6" 6" $5 $5.50 US$5 5$ €5 £5 5€ 5% 5.5% #5
    No.5 no.5 555-1234 412-555-1234 412.555.1234 +1-412 1e-5 5+5 5-5 5*5 5=5 5<6 ½ 1½ x2 2x ±5 ~5 5°C -5°""".split()
NUMBERS += ["3 1/2", "(412) 555-1234", "412 555 1234", "+44 20 7946 0958", "no. 5", "pp. 5-6", "5 %", "- 5", "10 am", "10 a.m."]
ABBREVIATIONS = """U.S. U.S.A. u.k. e.g. i.e. a.m. P.M. etc. vs. Mr. mrs. Dr. St. Jr. Inc. Co. Corp. Ltd. Jan. sept. Mon. Thurs. Ph.D.
    M.D. B. x. No. fig. art. op. Mass. mass. Wash. in. sec. min. ft. kg. approx. Ave. Blvd. Gen. Prof. Calif. Pty. mfg. D.C.-based
    non-U.S. al. Univ. Capt. est. dept. assn. messrs. figs.""".split()
WEB = """http://a.bc/d?e=f&g=h https://example.org/a_b.wav www.example.com www.example.de/x/yz example.com example.co.uk/xy a@b.cd
    <a@b.cd> @name #tag #1tag file.wav file_01.wav my-file.mp3 2.wav song.flac <b> </b> <br/> <unk> <a-b> &amp; &lt; &gt; &quot;
    &nbsp; &mdash; &#39; &copy; AT&T R&B a&b A&amp;B C++ C# F# and/or km/h w/o a//b a\\b a_b a__b _a_ ftp://x.yz x.com/ab""".split()
WEB += ['<a href="b c">', "<!-- a b -->", "< b >", "a < b > c", "1 < 2"]
SIGNS = """-- --- ---- ----- . .. ... .... ..... ...... … ? ! ?! !!! , ; : :) ;-) :( :D :p =) :/ ^_^ (^.^) <3 -> => <= >= == ++ -+ & && @
    @@ # ## $ $$ % * ** *** \\* | || ~ ~~ ^ _ __ ___ = + / // ` `` ' '' " "" “ ” ‘ ’ « » ‹ › „ ‚ – — ( ) () (( [ ] [] { } {} < > << >>
    -LRB- -rcb- ¿ ¡ § ¶ • · ° ² ³ ¹ ½ ⅓ € £ ¥ ¢ © ® ™ № → ≈ ∞ ♪ ♫ ☺ 😀 🎵 𝄞""".split()
LETTERS = """café naïve Ångström straße ŒUVRE ΣΟΦΟΣ Москва 日本 한국어 ไทย हिन्दी עברית العربية İstanbul ﬁn é ı Å Ｗide １２ Ⅳ zero​width
    soft­hyphen non‑breaking ﻿bom co‐op 5⁄8 x₂ ñ. É.""".split()
SYLLABLES = "dog|barks| |, |. |-|'|\"|the|U.S.|5|’s| - |(|)|!|...|e.g.|’|“|”| & |/|_|:|;|A|rain|é|\t|  ".split("|")

GRIDS = {
    "marks": some(
        [t.replace("{}", a) for a in MARKS for t in ("{}", "a{}b", "a{} b", "a {}b", "{}a", "a{}", "1{}2", "A{}B", "${}5", "it{}s", "5{}")]
        + [f"dog{a}{b}cat" for a in MARKS for b in MARKS]
        + [f"dog {a}{b} cat" for a in MARKS for b in MARKS], 900),
    "apostrophes": some(within(["{}", "a {} b", "{}.", "({})", "“{}”", "{}-x", "A {}, then", "x{}"], APOSTROPHES), 300),
    "numbers": some(within(["{}", "a {} b", "{}.", "({})", "{}, 7", "x{}", "{}x", "{}s", '"{}"'], NUMBERS), 400),
    "abbreviations": some(within(["{}", "a {} b", "{}, x", "{} The dog", "{} Dog", "({})", "{}.", "x{}", "{}x", "{} 5", "{}'s"], ABBREVIATIONS), 400),
    "web": some(within(["{}", "a {} b", "{}.", "{},", "({})", "x{}", "{}x", "{}'s", '"{}"'], WEB), 400),
    "signs": some(within(["{}", "a {} b", "a{}b", "a{}", "{}a", "5{}", "{}5", "({})", "{}.", "a {}, b"], SIGNS), 700),
    "letters": some(within(["{}", "a {} b", "a{}b", "{}'s", "{}.", "({})", "{}-x", "5{}", "{}n't"], LETTERS), 250),
    "noise": ["".join(RANDOM.choices(SYLLABLES, k=RANDOM.choice((4, 8, 12)))) for _ in range(300)],
}  # fmt: skip


def ask(jar, captions):
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="", suffix=".txt") as file:
        file.write("".join(f"{caption}\nzzz\n" for caption in captions))
        file.flush()
        tokenizer = ["java", "-cp", jar, "edu.stanford.nlp.process.PTBTokenizer", "-preserveLines", "-lowerCase", file.name]
        out = subprocess.run(tokenizer, capture_output=True, check=True, env={**os.environ, "LC_ALL": "C.UTF-8"}).stdout
    lines = out.decode("utf-8").split("\n")[:-1]
    assert lines[1::2] == ["zzz"] * len(captions), "the jar answered with another number of lines"
    return [line.strip(" ") for line in lines[::2]]


def main():
    pairs = [(kind, caption) for kind, captions in GRIDS.items() for caption in dict.fromkeys(captions)]
    for (kind, caption), tokens in zip(pairs, ask(sys.argv[1], [caption for _, caption in pairs])):
        print(json.dumps([kind, caption, tokens], ensure_ascii=False, separators=(",", ":")))


if __name__ == "__main__":
    main()
