use std::collections::BTreeSet;

use super::*;

fn of(provider: Provider, name: &str) -> Option<Model> {
    Models::default().of(provider, name)
}

#[test]
fn every_shipped_row_is_right_and_no_model_has_two() {
    #[derive(Deserialize)]
    struct Table {
        model: Vec<RawModel>,
    }
    let table: Table = toml::from_str(include_str!("../../data/models.toml")).unwrap();
    let mut problems = Problems::default();
    let rows: Vec<Model> = table.model.iter().filter_map(|raw| model(raw, &mut problems)).collect();
    assert_eq!(problems.into_vec(), []);
    assert_eq!(rows.len(), table.model.len());
    let names: BTreeSet<(Provider, &str)> =
        rows.iter().map(|row| (row.provider, row.name.as_str())).collect();
    assert_eq!(names.len(), rows.len());
    for row in &rows {
        let (window, most) = (row.context_tokens.unwrap_or(u32::MAX), row.max_output_tokens.unwrap_or(1));
        assert!(most <= window, "{}: an answer fits into the window", row.name);
        let takes = row.sampling.as_ref().is_none_or(|taken| taken.contains(&"temperature"));
        assert!(takes || row.temperature_milli.is_none(), "{}: a range of what it takes", row.name);
    }
    assert_eq!(shipped(), rows);
}

#[test]
fn vendors_facts_are_in_the_table() {
    let gpt = of(Provider::Openai, "gpt-5.4").unwrap();
    assert_eq!((gpt.context_tokens, gpt.max_output_tokens), (Some(922_000), Some(128_000)));
    assert_eq!((gpt.output_cap, gpt.sampling), (Some(OutputCap::MaxCompletionTokens), Some(vec![])));
    let opus = of(Provider::Claude, "claude-opus-4-7").unwrap();
    assert_eq!((opus.sampling, opus.system), (Some(vec![]), Some(SystemRole::TopLevel)));
    let haiku = of(Provider::Claude, "claude-haiku-4-5").unwrap();
    assert_eq!(haiku.temperature_milli, Some(MilliRange { least: 0, most: 1_000 }));
    let qwen = of(Provider::Tongyi, "qwen-plus").unwrap();
    assert_eq!(
        (qwen.thinks, qwen.temperature_milli.map(|range| range.most)),
        (Some(Thinks::Switchable), Some(1_999))
    );
    assert_eq!(of(Provider::Ernie, "ernie-5.1").unwrap().context_tokens, Some(119_000));
    let spark = of(Provider::Spark, "spark-x2.5").unwrap();
    assert_eq!((spark.output_cap, spark.sampling), (Some(OutputCap::MaxCompletionTokens), Some(vec![])));
    assert_eq!(of(Provider::Spark, "lite").unwrap().system, Some(SystemRole::User));
}

#[test]
fn a_row_is_of_its_model_and_of_dated_snapshots_and_of_nothing_else() {
    for (provider, name, row) in [
        (Provider::Openai, "gpt-4o-2024-08-06", Some("gpt-4o")),
        (Provider::Openai, "gpt-4-0613", Some("gpt-4")),
        (Provider::Openai, "gpt-4-32k", None),
        (Provider::Openai, "gpt-4o-audio-preview", None),
        (Provider::Openai, "gpt-5-mini-2025-08-07", Some("gpt-5-mini")),
        (Provider::Openai, "gpt-5-2025-08-07", Some("gpt-5")),
        (Provider::Openai, "gpt-5.9", None),
        (Provider::Claude, "claude-haiku-4-5-20251001", Some("claude-haiku-4-5")),
        (Provider::Claude, "claude-opus-5-5", Some("claude-opus-5-5")),
        (Provider::Claude, "claude-opus-5-7", None),
        (Provider::Tongyi, "qwen-plus-2025-07-28", Some("qwen-plus")),
        (Provider::Tongyi, "gpt-4o", None),
        (Provider::Ernie, "ernie-5.1-preview", None),
        (Provider::Local, "qwen-plus", None),
    ] {
        assert_eq!(of(provider, name).map(|model| model.name).as_deref(), row, "{name}");
    }
}

#[test]
fn a_row_of_the_file_goes_before_the_shipped_one_key_by_key() {
    let rows = |text: &str| {
        #[derive(Deserialize)]
        struct File {
            model: Vec<RawModel>,
        }
        let file: File = toml::from_str(text).unwrap();
        let mut problems = Problems::default();
        let models = Models::checked(&file.model, &mut problems);
        assert_eq!(problems.into_vec(), []);
        models
    };
    let models = rows(
        "[[model]]\nprovider = 'openai'\nmodel = 'gpt-4o'\ncontext_tokens = 64000\n\
         [[model]]\nprovider = 'local'\nmodel = 'qwen3*'\nthinking = 'switchable'\nthinking_by = 'think'\n\
         [[model]]\nprovider = 'local'\nmodel = 'qwen3-coder*'\nthinking = 'none'",
    );
    let gpt = models.of(Provider::Openai, "gpt-4o").unwrap();
    assert_eq!((gpt.context_tokens, gpt.max_output_tokens), (Some(64_000), Some(16_384)));
    assert_eq!(models.of(Provider::Local, "qwen3:8b").unwrap().thinks, Some(Thinks::Switchable));
    assert_eq!(models.of(Provider::Local, "qwen3-coder:30b").unwrap().thinks, Some(Thinks::Never));
    assert_eq!(models.of(Provider::Local, "llama3"), None);
}
