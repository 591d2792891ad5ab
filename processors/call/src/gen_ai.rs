//! What OpenTelemetry's conventions for generative AI want to know of each attempt, under the names of their version 1.41, which most
//! backends read, as Prometheus spells them. Retries, fallbacks, breakers and cost have no names there; ours are in the lists of this
//! crate and of `outbound`.

pub mod metrics;

use catalogue::Provider;

/// The value of `gen_ai.provider.name`. The conventions have words for OpenAI and Anthropic only; other words are allowed.
pub(crate) fn provider_name(provider: Provider) -> &'static str {
    match provider {
        Provider::Openai => "openai",
        Provider::Claude => "anthropic",
        Provider::Tongyi => "alibaba.dashscope",
        Provider::Ernie => "baidu.qianfan",
        Provider::Spark => "iflytek.spark",
        Provider::Local => "local",
    }
}
