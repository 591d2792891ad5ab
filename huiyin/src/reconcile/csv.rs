//! Reads comma-separated values. Source: RFC 4180, with line feeds alone taken as ends of lines, and a byte order mark passed over.

/// The records of a text, the line of names first.
///
/// # Errors
/// The line on which a quoted field is not ended.
pub(super) fn read(text: &str, separator: char) -> Result<Vec<Vec<String>>, usize> {
    let mut records = Vec::new();
    let (mut record, mut field) = (Vec::new(), String::new());
    let mut line = 1;
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text).chars().peekable();
    let mut is_begun = false;
    while let Some(c) = rest.next() {
        match c {
            '"' if field.is_empty() => {
                is_begun = true;
                let opened = line;
                loop {
                    match rest.next() {
                        None => return Err(opened),
                        Some('"') if rest.peek() == Some(&'"') => {
                            rest.next();
                            field.push('"');
                        }
                        Some('"') => break,
                        Some(c) => {
                            line += usize::from(c == '\n');
                            field.push(c);
                        }
                    }
                }
            }
            '\r' if rest.peek() == Some(&'\n') => {}
            '\n' => {
                line += 1;
                if is_begun || !field.is_empty() || !record.is_empty() {
                    record.push(std::mem::take(&mut field));
                    records.push(std::mem::take(&mut record));
                }
                is_begun = false;
            }
            c if c == separator => {
                record.push(std::mem::take(&mut field));
                is_begun = true;
            }
            c => field.push(c),
        }
    }
    if is_begun || !field.is_empty() || !record.is_empty() {
        record.push(field);
        records.push(record);
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_may_be_quoted_and_lines_end_either_way() {
        let text = "\u{feff}day,model,cost\r\n2025-01-01,\"m,1\",\"1\"\"2\"\n\n2025-01-02,\"a\nb\",\n,,\n";
        let expected = [
            vec!["day", "model", "cost"],
            vec!["2025-01-01", "m,1", "1\"2"],
            vec!["2025-01-02", "a\nb", ""],
            vec!["", "", ""],
        ];
        assert_eq!(read(text, ',').unwrap(), expected);
        assert_eq!(read("a;b", ';').unwrap(), [vec!["a", "b"]]);
        assert_eq!(read("a\n\"b\nc", ','), Err(2));
        assert_eq!(read("", ','), Ok(vec![]));
    }
}
