//! Fills the `{{placeholders}}` of a configuration file.

use anyhow::{Result, bail};

/// Replaces each `{{name}}` of `text` by its value.
///
/// # Errors
/// When a placeholder has no value.
pub fn render(text: &str, values: &[(&str, String)]) -> Result<String> {
    let mut pieces = text.split("{{");
    let mut rendered = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let Some((name, rest)) = piece.split_once("}}") else {
            bail!("a placeholder is not closed before {piece:.20}");
        };
        let Some((_, value)) = values.iter().find(|(known, _)| *known == name) else {
            bail!("no value for the placeholder {name}");
        };
        rendered.push_str(value);
        rendered.push_str(rest);
    }
    Ok(rendered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_placeholder_gets_its_value_wherever_it_stands() {
        let values = [("port", "1".to_owned()), ("dir", "/{{x}}".to_owned())];
        assert_eq!(render("a={{port}},{{port}}\nb={{dir}}", &values).unwrap(), "a=1,1\nb=/{{x}}");
        assert_eq!(render("plain {}", &values).unwrap(), "plain {}");
    }

    #[test]
    fn an_unknown_or_open_placeholder_is_refused() {
        assert!(render("{{ports}}", &[("port", String::new())]).unwrap_err().to_string().contains("ports"));
        assert!(render("{{port", &[("port", String::new())]).is_err());
    }
}
