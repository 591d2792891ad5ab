"""Speaks to the stand-ins with a vendor's own client: python3 speak.py CLIENT BASE_URL

Each client makes a whole answer, a stream and an error, and prints what it was told to have spent as
{"prompt": N, "completion": N}, which must be what stands on the stand-in's invoice.
"""

import json
import os
import sys

CLIENT, BASE = sys.argv[1], sys.argv[2]
ASKED = "你好, what is your name?"
HEARD = 'I hear you say: "你好, what is your name?". This is the first thing you tell me.'
MESSAGES = [{"role": "user", "content": ASKED}]
SPENT = {"prompt": 0, "completion": 0}


def spent(prompt, completion):
    assert prompt > 0 and completion > 0, (prompt, completion)
    SPENT["prompt"] += prompt
    SPENT["completion"] += completion


def same(seen, expected=HEARD):
    assert seen == expected, (seen, expected)


def openai_wire(path, model, key, errors):
    """The OpenAI client against one of the wires that imitate it; `errors` are (model, status, code)."""
    import openai

    client = openai.OpenAI(api_key=key, base_url=BASE + path, max_retries=0)
    whole = client.chat.completions.create(model=model, messages=MESSAGES)
    same(whole.choices[0].message.content)
    spent(whole.usage.prompt_tokens, whole.usage.completion_tokens)
    stream = client.chat.completions.create(
        model=model, messages=MESSAGES, stream=True, stream_options={"include_usage": True}
    )
    text, usage = "", None
    for chunk in stream:
        usage = chunk.usage or usage
        text += "".join(choice.delta.content or "" for choice in chunk.choices)
    same(text)
    spent(usage.prompt_tokens, usage.completion_tokens)
    for model, status, code in errors:
        try:
            client.chat.completions.create(model=model, messages=MESSAGES)
        except openai.APIStatusError as error:
            same((error.status_code, error.code), (status, code))
        else:
            raise AssertionError(f"{model} was answered")


def openai_client():
    errors = [
        ("sim-rate-limited", 429, "rate_limit_exceeded"),
        ("sim-insufficient-quota", 429, "insufficient_quota"),
        ("sim-context-length-exceeded", 400, "context_length_exceeded"),
        ("gpt-none", 404, "model_not_found"),
        ("gpt-4", 404, "model_not_found"),
    ]
    openai_wire("/openai/v1", "gpt-5.2", "sk-sim", errors)
    openai_wire("/v1", "gpt-5.2", "sk-sim", errors[:3])


def tongyi_compatible():
    errors = [
        ("sim-rate-limited", 429, "limit_requests"),
        ("sim-token-limited", 429, "insufficient_quota"),
        ("sim-insufficient-quota", 400, "Arrearage"),
        ("qwq-plus", 400, "invalid_parameter_error"),
    ]
    openai_wire("/tongyi/compatible-mode/v1", "qwen-plus", "sk-sim", errors)


def ernie_v2_by_openai():
    errors = [
        ("sim-insufficient-quota", 403, "account_overdue"),
        ("ernie-4.5-turbo-128k", 403, "model_offline"),
        ("sim-token-limited", 429, "tpm_rate_limit_exceeded"),
    ]
    openai_wire("/ernie/v2", "ernie-5.1", "sk-sim", errors)


def local_by_openai():
    openai_wire("/vllm/v1", "qwen3", "sk-sim", [("sim-model-not-found", 404, "404")])
    openai_wire("/llamacpp/v1", "qwen3", "sk-sim", [("sim-overloaded", 503, "503")])
    openai_wire("/ollama/v1", "qwen3", "sk-sim", [("sim-model-not-found", 404, None)])


def anthropic_client():
    import anthropic

    client = anthropic.Anthropic(api_key="sk-sim", base_url=BASE + "/claude", max_retries=0)
    ask = {"max_tokens": 2_000, "messages": MESSAGES}
    # The client speaks the version without sampling; an older model takes it under the older version.
    old = {"extra_headers": {"anthropic-version": "2023-06-01"}, "extra_body": {"temperature": 0.5}}
    whole = client.messages.create(model="claude-haiku-4-5", **old, **ask)
    same(whole.content[0].text)
    spent(whole.usage.input_tokens, whole.usage.output_tokens)
    thinking = {"type": "enabled", "budget_tokens": 1_024}
    with client.messages.stream(model="claude-sonnet-5", thinking=thinking, **ask) as stream:
        same("".join(stream.text_stream))
        usage = stream.get_final_message().usage
    assert usage.output_tokens_details.thinking_tokens > 0, usage
    spent(usage.input_tokens, usage.output_tokens)
    system = [{"type": "text", "text": "be brief " * 40, "cache_control": {"type": "ephemeral"}}]
    written = client.messages.create(model="claude-sonnet-5", system=system, **ask).usage
    read = client.messages.create(model="claude-sonnet-5", system=system, **ask).usage
    size = written.cache_creation.ephemeral_5m_input_tokens
    assert size > 0 and size == read.cache_read_input_tokens, (written, read)
    spent(written.input_tokens + size, written.output_tokens)
    spent(read.input_tokens + size, read.output_tokens)
    for model, more, kind in [
        ("sim-overloaded", {}, anthropic.InternalServerError),
        ("sim-rate-limited-3s", {}, anthropic.RateLimitError),
        ("claude-opus-5", old, anthropic.BadRequestError),
        ("claude-haiku-4-5", {"extra_body": {"temperature": 1.0}}, anthropic.BadRequestError),
        ("claude-none", {}, anthropic.NotFoundError),
        ("sim-invalid-api-key", {}, anthropic.AuthenticationError),
    ]:
        try:
            client.messages.create(model=model, **ask, **more)
        except kind:
            continue
        raise AssertionError(f"{model} was answered")
    refused = client.messages.create(model="sim-refusal", **ask)
    same(refused.stop_reason, "refusal")
    spent(refused.usage.input_tokens, refused.usage.output_tokens)


def dashscope_client():
    os.environ["DASHSCOPE_HTTP_BASE_URL"] = BASE + "/tongyi/api/v1"
    import dashscope

    dashscope.api_key = "sk-sim"
    ask = {"messages": MESSAGES, "result_format": "message"}
    whole = dashscope.Generation.call(model="qwen-plus", **ask)
    same(whole.status_code, 200)
    same(whole.output.choices[0].message.content)
    spent(whole.usage.input_tokens, whole.usage.output_tokens)
    for more in [{"incremental_output": True}, {}]:
        text, usage = "", None
        for part in dashscope.Generation.call(model="qwen-plus", stream=True, **ask, **more):
            same(part.status_code, 200)
            content = part.output.choices[0].message.content
            text = text + content if more else content
            usage = part.usage
        same(text)
        spent(usage.input_tokens, usage.output_tokens)
    for model, more, status, code in [
        ("sim-insufficient-quota", {}, 400, "Arrearage"),
        ("sim-token-limited", {}, 429, "Throttling.AllocationQuota"),
        ("qwen-plus", {"temperature": 2.0}, 400, "InvalidParameter"),
        ("qwen-none", {}, 404, "ModelNotFound"),
    ]:
        refused = dashscope.Generation.call(model=model, **ask, **more)
        same((refused.status_code, refused.code), (status, code))


def qianfan_client():
    for name, value in {
        "QIANFAN_BASE_URL": BASE + "/ernie",
        "QIANFAN_CONSOLE_API_BASE_URL": BASE + "/ernie",
        "QIANFAN_AK": "ak",
        "QIANFAN_SK": "sk",
        "QIANFAN_LLM_API_RETRY_COUNT": "1",
    }.items():
        os.environ[name] = value
    import qianfan
    from qianfan import errors

    old = qianfan.ChatCompletion(version="1", endpoint="completions_pro")
    whole = old.do(messages=MESSAGES)
    same(whole["result"])
    spent(whole["usage"]["prompt_tokens"], whole["usage"]["completion_tokens"])
    parts = list(old.do(messages=MESSAGES, stream=True))
    same("".join(part["result"] for part in parts))
    assert parts[-1]["is_end"]
    spent(parts[-1]["usage"]["prompt_tokens"], parts[-1]["usage"]["completion_tokens"])
    failed(errors.APIError, lambda: old.do(messages=MESSAGES, endpoint="sim-error-18"))
    failed(errors.APIError, lambda: old.do(messages=MESSAGES * 2))
    config = qianfan.get_config()
    config.AK, config.SK, config.BEARER_TOKEN = None, None, "sk-sim"
    new = qianfan.ChatCompletion(version="2", model="ernie-5.1")
    whole = new.do(messages=MESSAGES, model="ernie-5.1")
    same(whole["choices"][0]["message"]["content"])
    spent(whole["usage"]["prompt_tokens"], whole["usage"]["completion_tokens"])
    options = {"include_usage": True}
    text, usage = "", None
    for part in new.do(messages=MESSAGES, model="ernie-5.1", stream=True, stream_options=options):
        usage = part.body.get("usage") or usage
        text += "".join(choice["delta"].get("content", "") for choice in part["choices"])
    same(text)
    spent(usage["prompt_tokens"], usage["completion_tokens"])
    failed(errors.RequestError, lambda: new.do(messages=MESSAGES, model="ernie-4.5-turbo-128k"))


def failed(kind, call):
    try:
        call()
    except kind:
        return
    raise AssertionError("the call was answered")


def spark_client():
    from sparkai.core.messages import ChatMessage
    from sparkai.errors import SparkAIConnectionError
    from sparkai.llm.llm import ChatSparkLLM

    def speaker(**more):
        settings = {
            "spark_api_url": BASE.replace("http", "ws") + "/spark/ws/v3.5/chat",
            "spark_app_id": "app", "spark_api_key": "ak", "spark_api_secret": "sk",
            "spark_llm_domain": "generalv3.5", "request_timeout": 5,
        }
        return ChatSparkLLM(**{**settings, **more})

    asked = [ChatMessage(role="user", content=ASKED)]
    whole = speaker(streaming=False).generate([asked])
    same(whole.generations[0][0].text)
    usage = whole.llm_output["token_usage"]
    spent(usage["prompt_tokens"], usage["completion_tokens"])
    # The stream does not show its usage, which is that of the same question.
    same("".join(part.content for part in speaker(streaming=True).stream(asked)))
    spent(usage["prompt_tokens"], usage["completion_tokens"])
    for more in [{"spark_api_secret": "wrong"}, {"spark_llm_domain": "sim-error-10013"}]:
        failed(SparkAIConnectionError, lambda: speaker(**more).generate([asked]))


def spark_by_openai():
    """The HTTP wire, for which the vendor shows OpenAI's client."""
    import openai

    for path, model in [("v1", "generalv3.5"), ("v2", "spark-x"), ("x2", "spark-x")]:
        client = openai.OpenAI(api_key="ak:sk", base_url=f"{BASE}/spark/{path}", max_retries=0)
        whole = client.chat.completions.create(model=model, messages=MESSAGES)
        same(whole.choices[0].message.content)
        spent(whole.usage.prompt_tokens, whole.usage.completion_tokens)
        text, usage = "", None
        for chunk in client.chat.completions.create(model=model, messages=MESSAGES, stream=True):
            usage = chunk.usage or usage
            text += chunk.choices[0].delta.content or ""
        same(text)
        spent(usage.prompt_tokens, usage.completion_tokens)
    blocked = client.chat.completions.create(model="sim-invalid-prompt", messages=MESSAGES)
    same((blocked.code, blocked.choices), (10013, None))
    stranger = openai.OpenAI(api_key="wrong", base_url=f"{BASE}/spark/v1", max_retries=0)
    ask = {"model": "generalv3.5", "messages": MESSAGES}
    failed(openai.AuthenticationError, lambda: stranger.chat.completions.create(**ask))


def ollama_client():
    import ollama

    client = ollama.Client(host=BASE + "/ollama")
    whole = client.chat(model="qwen3", messages=MESSAGES)
    same(whole.message.content)
    spent(whole.prompt_eval_count, whole.eval_count)
    text, last = "", None
    for last in client.chat(model="qwen3", messages=MESSAGES, stream=True, options={"num_ctx": 8_192}):
        text += last.message.content or ""
    same((text, last.done_reason), (HEARD, "stop"))
    spent(last.prompt_eval_count, last.eval_count)
    for model, status in [("sim-model-not-found", 404), ("sim-concurrency-limited", 503)]:
        try:
            client.chat(model=model, messages=MESSAGES)
        except ollama.ResponseError as error:
            same(error.status_code, status)
        else:
            raise AssertionError(f"{model} was answered")


CLIENTS = {
    "openai": [openai_client, tongyi_compatible, ernie_v2_by_openai, local_by_openai, spark_by_openai],
    "anthropic": [anthropic_client],
    "dashscope": [dashscope_client],
    "qianfan": [qianfan_client],
    "spark": [spark_client],
    "ollama": [ollama_client],
}
for speak in CLIENTS[CLIENT]:
    speak()
print(json.dumps(SPENT))
