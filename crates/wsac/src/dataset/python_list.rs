//! A list of strings as Python or JSON writes it in one cell of a table: `['a dog', "a dog's bark"]`.

/// The strings, or `None` where `cell` is no such list (it is a caption then).
pub fn read(cell: &str) -> Option<Vec<String>> {
    let inside = cell.trim().strip_prefix('[')?.strip_suffix(']')?;
    let mut strings = Vec::new();
    let mut letters = inside.chars().peekable();
    loop {
        while letters.next_if(|c| c.is_whitespace()).is_some() {}
        let Some(quote) = letters.next() else {
            return Some(strings);
        };
        if quote != '\'' && quote != '"' {
            return None;
        }
        let mut string = String::new();
        loop {
            match letters.next()? {
                c if c == quote => break,
                '\\' => string.push(match letters.next()? {
                    'n' => '\n',
                    't' => '\t',
                    'u' => unicode(&mut letters)?,
                    other => other,
                }),
                c => string.push(c),
            }
        }
        strings.push(string);
        while letters.next_if(|c| c.is_whitespace()).is_some() {}
        match letters.next() {
            None => return Some(strings),
            Some(',') => {}
            Some(_) => return None,
        }
    }
}

fn unicode(letters: &mut impl Iterator<Item = char>) -> Option<char> {
    let digits: String = letters.take(4).collect();
    char::from_u32(u32::from_str_radix(&digits, 16).ok()?)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn lists_are_read_and_captions_are_left_alone() {
        let list = read(r#"['a dog', "a dog's \"bark\"", 'caf\u00e9',]"#);
        assert_eq!(list.expect("a list"), ["a dog", "a dog's \"bark\"", "café"]);
        assert_eq!(read("[]"), Some(vec![]));
        for caption in ["a dog", "[a dog]", "['a dog", "['a' 'b']", "", "[1, 2]"] {
            assert_eq!(read(caption), None, "{caption}");
        }
    }
}
