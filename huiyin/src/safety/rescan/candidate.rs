//! The filter that judges: the configuration's own, the same with a dictionary, or another file's.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use catalogue::Engines;
use catalogue::raw::{RawCatalogue, RawDictionary};
use safety::Border;
use toml::Spanned;

use crate::config::Config;
use crate::rehearse;

/// Category of a new dictionary's words that have none.
const CATEGORY: &str = "candidate";

/// The filter of a configuration.
///
/// # Errors
/// When it cannot be built.
pub(super) fn of(config: &Config) -> anyhow::Result<Engines> {
    Engines::of(&config.bundle, &config.sections().contents()).context("build the filter")
}

/// The filter of another file, whose secrets need not be at hand.
///
/// # Errors
/// When the file cannot be read, or its filter not be built.
pub(super) fn of_file(path: &Path) -> anyhow::Result<Engines> {
    of(&Config::read(path, None, rehearse::variable)?)
}

/// The filter of a configuration with a dictionary put in: `FILE` or `NAME=FILE`.
///
/// # Errors
/// When the file cannot be read, or something is wrong with its words.
pub(super) fn with_dictionary(config: &Config, given: &str) -> anyhow::Result<Engines> {
    let (name, path) = named(given)?;
    let text = std::fs::read_to_string(path).with_context(|| format!("read {path}"))?;
    let mut sections = config.sections().clone();
    put(&mut sections, &name, path, text.into());
    let bundle = catalogue::validate(&sections).map_err(|problems| {
        let told: Vec<String> =
            problems.iter().map(|problem| format!("{}: {}", problem.place, problem.what)).collect();
        anyhow!("use {path} as dictionary {name:?}: {}", told.join("; "))
    })?;
    Engines::of(&bundle, &sections.contents()).context("build the filter")
}

/// Name and path.
fn named(given: &str) -> anyhow::Result<(String, &str)> {
    if let Some((name, path)) = given.split_once('=') {
        return Ok((name.to_owned(), path));
    }
    let Some(stem) = Path::new(given).file_stem().and_then(|stem| stem.to_str()) else {
        bail!("read --dictionary {given:?}: it names no file")
    };
    Ok((stem.to_lowercase(), given))
}

/// Puts a dictionary in the place of the one of its name; a new one is used by every app and stops what it hits.
fn put(sections: &mut RawCatalogue, name: &str, path: &str, text: Arc<str>) {
    let spanned = |text: &str| Spanned::new(0..0, text.to_owned());
    let filter = &mut sections.filter;
    let old = filter.dictionary.iter_mut().find(|dictionary| dictionary.name.get_ref() == name);
    if let Some(old) = old {
        (old.file, old.shipped) = (Some(spanned(path)), None);
    } else {
        filter.dictionary.push(RawDictionary {
            name: spanned(name),
            file: Some(spanned(path)),
            shipped: None,
            category: Some(CATEGORY.to_owned()),
            severity: 0,
            action: spanned("block"),
            output: None,
            views: Vec::new(),
            border: Border::default(),
            language: None,
            shadow: false,
            on_error: None,
            shared: true,
        });
        // An app that says what it uses would not use it.
        let lists = sections.app.iter_mut().filter_map(|app| app.filter.dictionaries.as_mut());
        lists.for_each(|list| list.push(spanned(name)));
    }
    filter.files.put(path.to_owned(), text);
}

#[cfg(test)]
mod tests {
    use safety::{Action, Direction};
    use schemas::ids::AppKey;

    use super::*;

    const APPS: &str = "[[app]]\nkey = \"acme#support\"\nbot = [{ id = \"bot\" }]\nchain = [\"m\"]\nallowed_regions = [\"cn\"]\nlabel = \"AI\"\n\
         [app.filter]\ndictionaries = [\"own\"]\n\
         [[target]]\nname = \"m\"\nprovider = \"local\"\nmodel = \"m\"\nregion = \"cn\"\n\
         [[filter.dictionary]]\nname = \"own\"\nfile = \"own.tsv\"\naction = \"mask\"\n";

    fn judged(name: &str, words: &str) -> [Action; 2] {
        let mut sections: RawCatalogue = toml::from_str(APPS).unwrap();
        sections.filter.files = [("own.tsv".to_owned(), Ok("durian\tfruit\n".into()))].into_iter().collect();
        put(&mut sections, name, "words/new.tsv", words.into());
        let bundle = catalogue::validate(&sections).unwrap_or_else(|found| panic!("{found:?}"));
        let engines = Engines::of(&bundle, &sections.contents()).unwrap();
        let engine = engines.app(&AppKey::new("acme#support").unwrap());
        ["a durian", "a pineapple"].map(|text| engine.judge(Direction::Input, text).action)
    }

    #[test]
    fn a_new_dictionary_blocks_for_every_app_and_one_of_a_known_name_takes_its_place() {
        assert_eq!(judged("new", "pineapple\n"), [Action::Mask, Action::Block]);
        assert_eq!(judged("own", "pineapple\tfruit\n"), [Action::Pass, Action::Mask]);
    }

    #[test]
    fn a_dictionary_is_named_by_its_file_unless_it_has_a_name() {
        assert_eq!(named("words/New.tsv").unwrap(), ("new".to_owned(), "words/New.tsv"));
        assert_eq!(named("own=words/new.tsv").unwrap(), ("own".to_owned(), "words/new.tsv"));
        assert!(named("..").is_err());
    }
}
