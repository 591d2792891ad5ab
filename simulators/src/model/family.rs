//! The families of providers that the stand-in plays.

use serde::{Deserialize, Serialize};

/// One family: its wires, its errors, its models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// `OpenAI`.
    Openai,
    /// Anthropic.
    Claude,
    /// Alibaba `DashScope`.
    Tongyi,
    /// Baidu Qianfan.
    Ernie,
    /// `iFlytek` Spark.
    Spark,
    /// Ollama, vLLM, llama.cpp.
    Local,
}
