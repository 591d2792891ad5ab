//! `docs/families.md` is what the code and the shipped tables say. `UPDATE_SCHEMAS=1 cargo test -p call families_table` writes it anew.

use std::path::Path;

use catalogue::estimate::image_tokens;
use catalogue::model_traits::{Caching, SystemRole};
use catalogue::models::{Model, Thinks, shipped};
use catalogue::price::Price;
use catalogue::{Provider, Target, shipped_prices, shown_day};
use serde_json::Value;

use super::samples::{address, body, call, known, request};
use super::{Choice, Demand, Demands, Family, Speaks, of, wire_names};

const INTRODUCTION: &str = "# Families

A target's `provider` is one of six families. Each builds calls, reads replies and streams, and classes errors; retry, fallback, breaker, pace
and deadline are the same for all. Configuration of each by example: [families/](families/). Every key: [configuration.md](configuration.md).

`huiyin models` shows what holds for the targets of a file, and `huiyin models ping` asks each of them for one token.

This page is written from the code and the shipped tables by `UPDATE_SCHEMAS=1 cargo test -p call families_table`.

";

/// A model of each family whose body is shown.
fn sample(provider: Provider) -> &'static str {
    match provider {
        Provider::Openai => "gpt-4o",
        Provider::Ernie => "ernie-5.1",
        Provider::Tongyi => "qwen-plus",
        Provider::Spark => "4.0Ultra",
        Provider::Claude => "claude-haiku-4-5",
        Provider::Local => "a-model",
    }
}

fn wires() -> String {
    let mut text = "## Wires\n\nWithout `wire`, the first of a provider holds. Every family streams by default, and reads usage, \
                    refusals and errors from streams and whole replies. Pictures are shown by their address, and taken for so \
                    many tokens each until the provider has counted.\n\n\
                    | Provider | `wire` | Calls | Key travels as | Needs | May have | Pictures | Fields of a call | Fields that `omit` leaves out |\n\
                    |---|---|---|---|---|---|---|---|---|\n"
        .to_owned();
    for provider in Provider::ALL {
        for (wire, _) in wire_names(provider) {
            let family = of(provider, Some(wire));
            let (needs, may) = demands(family.demands());
            let target = known(provider, sample(provider));
            let address = address("https://host");
            let sent = body(family, &request(), &target, &address);
            let cells = [
                provider.label().to_owned(),
                format!("`{wire}`"),
                calls(family, &target),
                key(family, &target),
                needs,
                may,
                pictures(family, provider),
                names(&sent),
                family
                    .demands()
                    .optional_fields
                    .iter()
                    .map(|field| format!("`{field}`"))
                    .collect::<Vec<_>>()
                    .join(", "),
            ];
            text.push_str(&format!("| {} |\n", cells.join(" | ")));
        }
    }
    text
}

/// Whether calls can show pictures, and what one is taken for.
fn pictures(family: &dyn Family, provider: Provider) -> String {
    if family.takes_images() { image_tokens(provider).to_string() } else { "no".to_owned() }
}

/// Where calls go, under the base address.
fn calls(family: &dyn Family, target: &Target) -> String {
    let path = call(family, target, &address("https://host/base")).url().path().to_owned();
    match family.demands().speaks {
        Speaks::Http => format!("`POST …{}`", path.strip_prefix("/base").unwrap_or(&path)),
        Speaks::WebSocket => "a WebSocket".to_owned(),
    }
}

fn key(family: &dyn Family, target: &Target) -> String {
    let call = call(family, target, &address("https://host/base"));
    let has = |name: &str| call.headers().contains_key(name);
    let query = call.url().query().unwrap_or_default();
    match () {
        () if family.sign_in().is_some() => "access token, got with key and secret".to_owned(),
        () if query.contains("authorization=") => "signature (HMAC-SHA256)".to_owned(),
        () if has("x-api-key") => "`x-api-key`".to_owned(),
        () if has("authorization") => "`Authorization: Bearer`".to_owned(),
        () => "–".to_owned(),
    }
}

fn demands(demands: Demands) -> (String, String) {
    let choices = demands.choices.iter().map(|choice| match choice {
        Choice::ApiVersion => "api_version",
        Choice::PromptCache => "prompt_cache",
    });
    let of = |demand: Demand| {
        let keys = [("app_id", demands.app_id), ("api_secret", demands.api_secret)];
        keys.into_iter().filter(move |(_, of)| *of == demand).map(|(key, _)| key)
    };
    let needs: Vec<&str> =
        demands.needs_key.then_some("api_key").into_iter().chain(of(Demand::Needed)).collect();
    let key = (!demands.needs_key).then_some("api_key");
    let organization = demands.takes_organization.then_some("organization");
    let may: Vec<&str> =
        key.into_iter().chain(of(Demand::Taken)).chain(organization).chain(choices).collect();
    let told = |keys: &[&str]| match keys {
        [] => "–".to_owned(),
        keys => keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", "),
    };
    (told(&needs), told(&may))
}

/// The names of a body's fields, those of its inner objects behind a dot.
fn names(body: &Value) -> String {
    fn of(around: &str, value: &Value, names: &mut Vec<String>) {
        for (name, value) in value.as_object().into_iter().flatten() {
            if value.is_object() {
                of(&format!("{around}{name}."), value, names);
            } else {
                names.push(format!("`{around}{name}`"));
            }
        }
    }
    let mut all = Vec::new();
    of("", body, &mut all);
    all.join(", ")
}

fn models() -> String {
    let mut text = "\n## Models\n\nThe shipped tables, `catalogue/data/models.toml` and `catalogue/data/prices.toml`. Rows `[[model]]` and `[[price]]` of the \
                    configuration file go before them. Prices are per million tokens, of input, of what was read from the cache, and of output, at the \
                    shortest prompts; `+n` are further steps for longer ones. `–` is not known, or not there. `local` models are the operator's to \
                    describe.\n"
        .to_owned();
    for provider in Provider::ALL.into_iter().filter(|provider| *provider != Provider::Local) {
        text.push_str(&format!(
            "\n### {}\n\n| Model | Window | Output | Temperature | Thinking | System | Cache | Pictures | Retires | Price |\n|---|---|---|---|---|---|---|---|---|---|\n",
            provider.label()
        ));
        for model in shipped().iter().filter(|model| model.provider == provider) {
            text.push_str(&format!("| {} |\n", cells(model).join(" | ")));
        }
    }
    text
}

fn cells(model: &Model) -> [String; 10] {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
    let takes = model.sampling.as_ref().map(|taken| taken.contains(&"temperature"));
    let temperature = match (takes, model.temperature_milli) {
        (Some(false), _) => "none".to_owned(),
        (_, Some(range)) => {
            format!("{} to {}", f64::from(range.least) / 1_000.0, f64::from(range.most) / 1_000.0)
        }
        (Some(true) | None, None) => "–".to_owned(),
    };
    let thinks = model.thinks.map(|thinks| match thinks {
        Thinks::Never => "no".to_owned(),
        Thinks::Switchable => "switchable".to_owned(),
        Thinks::Always => "always".to_owned(),
    });
    let system = match model.system.unwrap_or_default() {
        SystemRole::System => "message",
        SystemRole::Developer => "developer's message",
        SystemRole::TopLevel => "field",
        SystemRole::User => "in the question",
    };
    let caching = model.caching.map(|caching| match caching {
        Caching::None => "no".to_owned(),
        Caching::Automatic => "automatic".to_owned(),
        Caching::Marked => "marked".to_owned(),
    });
    [
        format!("`{}`", model.name),
        or_dash(model.context_tokens.map(|tokens| tokens.to_string())),
        or_dash(model.max_output_tokens.map(|tokens| tokens.to_string())),
        temperature,
        or_dash(thinks),
        system.to_owned(),
        or_dash(caching),
        or_dash(model.vision.map(|sees| if sees { "yes" } else { "no" }.to_owned())),
        or_dash(model.retires.map(shown_day)),
        prices(model),
    ]
}

/// The prices of a model in every region of the list.
fn prices(model: &Model) -> String {
    let shown: Vec<String> = ["cn", "intl"]
        .into_iter()
        .flat_map(|region| {
            let target = Target { region: region.to_owned(), ..known(model.provider, &model.name) };
            shipped_prices(&target).map(|row| price(&row.price)).collect::<Vec<_>>()
        })
        .collect();
    let mut once = shown;
    once.dedup();
    if once.is_empty() { "–".to_owned() } else { once.join("; ") }
}

fn price(price: &Price) -> String {
    let per_million = |pico: i64| {
        let text = format!("{}.{:06}", pico / 1_000_000, pico % 1_000_000);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    let rates = &price.rates;
    let [input, cached, output] = [rates.input_pico, rates.cached_pico, rates.output_pico].map(per_million);
    let thought = rates.reasoning_pico.map(|pico| format!(", thoughts {}", per_million(pico)));
    let steps = if price.steps.is_empty() { String::new() } else { format!(" +{}", price.steps.len()) };
    format!("{input} / {cached} / {output}{} {}{steps}", thought.unwrap_or_default(), price.currency)
}

#[test]
fn families_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/families.md");
    let generated = format!("{INTRODUCTION}{}{}", wires(), models());
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        stored == generated,
        "docs/families.md is not what the code says: UPDATE_SCHEMAS=1 cargo test -p call families_table"
    );
}
