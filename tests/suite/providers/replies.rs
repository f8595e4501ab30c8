//! Replies as models write them, from the wire to the rows: what is read, and what never is.

use serde_json::{Value, json};

use super::{entry, one, process, state};
use crate::support::db::Db;
use crate::support::model_server::{CHAT, MESSAGES, ModelServer, Step, chat, extraction, message};

fn notes() -> String {
    extraction().to_string()
}

/// A message of Chat Completions.
fn said(content: &Value) -> Value {
    json!({"role": "assistant", "content": content, "refusal": null})
}

#[test]
fn every_shape_of_a_reply_is_read() {
    let call =
        json!([{"id": "c", "type": "function", "function": {"name": "conversation_notes", "arguments": notes()}}]);
    let thought = json!([{"type": "thinking", "thinking": [{"type": "text", "text": "{\"facts\": [], \"summary\": \"no\"}"}]},
                         {"type": "text", "text": notes()}]);
    let messages = [
        said(&json!(format!("```json\n{}\n```", notes()))),
        said(&json!(format!("<think>They work {{as}} a nurse</think>\n{}", notes()))),
        said(&json!([{"type": "text", "text": notes()}])),
        // mistralai: thinking as a part.
        said(&thought),
        // ollama/ollama#8337: the answer is a call, and content is empty.
        json!({"role": "assistant", "content": "", "tool_calls": call}),
        // scouzi1966/maclocal-api#44
        json!({"role": "assistant", "content": null, "reasoning_content": notes()}),
        json!({"role": "assistant", "content": " ", "reasoning": notes()}),
        // chunkhound/chunkhound#415, vllm-project/vllm#48863: both names at once.
        json!({"role": "assistant", "content": null, "reasoning_content": null, "reasoning": notes()}),
        // Open-Historia/open-historia#354, manavgup/wikimind#297: a comma too many, a line break inside of a string.
        said(&json!(format!("```json\n{}\n```", notes().replace("work.", "work.\n").replace(']', ",\n]")))),
    ];
    let (db, _) = one();
    for message in messages {
        let server = ModelServer::start();
        server.script(CHAT, [Step::reply(&chat(&json!({}), &message, "stop"))]);
        let done = process(&db, &server, "openai").args(&["--reprocess", "--id", &id(&db)]).done().code(0);
        assert_eq!(server.calls(CHAT), 1, "{message}: {}", done.all());
        assert_eq!(db.value("select conversation_summary from conversations"), "They talked about work.", "{message}");
        db.execute("update conversations set conversation_summary = null");
    }
}

fn id(db: &Db) -> String {
    db.value("select id from conversations")
}

#[test]
fn an_answer_of_anthropics_is_read_as_a_call_or_as_text() {
    let of_another_name = json!([{"type": "tool_use", "id": "t", "name": "notes", "input": {"notes": extraction()}}]);
    let as_text = json!([{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": format!("Here you are:\n{}", notes())}]);
    for content in [of_another_name, as_text, json!(notes())] {
        let (db, server) = one();
        server.script(MESSAGES, [Step::reply(&message(&json!({}), &content, "end_turn"))]);
        process(&db, &server, "anthropic").done().code(0);
        assert_eq!((server.calls(MESSAGES), state(&db)[0].as_str()), (1, "processed"), "{content}");
    }
}

#[test]
fn what_is_no_answer_is_asked_for_once_more() {
    let empty = json!({"facts": [], "threads": [], "thoughts": [], "summary": "", "emotional_tone": "neutral"});
    let schema = nikita_jobs::core::stages::extraction::schema();
    let thinking = json!({"role": "assistant", "content": "", "reasoning_content": format!("They want {}", notes())});
    // vllm-project/vllm#41902: nothing in any field. #52640: cut off while it thinks. ggml-org/llama.cpp#24097: no schema is kept to.
    let nothing = json!({"role": "assistant", "content": null, "reasoning_content": null, "tool_calls": []});
    let cut = json!({"role": "assistant", "content": null, "reasoning": notes()});
    let other = said(&json!("{\"title\": \"Notes\", \"entries\": [\"They talked about work.\"]}"));
    for (message, finish) in [
        (said(&empty.to_string().into()), "stop"),
        (said(&schema.to_string().into()), "stop"),
        (said(&json!("<think>hm")), "stop"),
        (thinking, "stop"),
        (nothing, "stop"),
        (cut, "length"),
        (other, "stop"),
    ] {
        let (db, server) = one();
        server.script(CHAT, [Step::reply(&chat(&json!({}), &message, finish)), Step::Good]);
        let done = process(&db, &server, "openai").done().code(0);
        assert_eq!(server.calls(CHAT), 2, "{message}");
        assert_eq!(entry(&done)["status"], "success");
    }
}

#[test]
fn no_thinking_no_fence_and_no_chatter_reaches_a_prompt_or_a_summary() {
    let (db, server) = one();
    let mut short = extraction();
    short["summary"] = json!("");
    server.extracts(short);
    // A polished prompt begins where the plain one does; a summary is asked for first.
    server.says("<think>Let me see.</think>\n```text\nThey talked about Lisbon.\n```");
    process(&db, &server, "openai").done().code(0);
    assert_eq!(db.value("select conversation_summary from conversations"), "They talked about Lisbon.");

    let (db, server) = one();
    let run = process(&db, &server, "openai").env("NIKITA_ENRICH", "true");
    run.done().code(0);
    let plain = server
        .requests(CHAT)
        .into_iter()
        .skip(1)
        .map(|it| it.body["messages"][1]["content"].as_str().unwrap().to_owned());
    let plain: Vec<String> = plain.collect();
    for (before, after) in
        [("<think># Identity\nno\n", ""), ("<think>hm</think>Sure! Here it is:\n\n```\n", "\n```\n\nLet me know!")]
    {
        let (db, server) = one();
        let polished = plain.iter().map(|plain| {
            let text = format!("{before}{plain}{after}");
            Step::reply(&chat(&json!({}), &said(&json!(text)), "stop"))
        });
        server.script(CHAT, std::iter::once(Step::Good).chain(polished));
        process(&db, &server, "openai").env("NIKITA_ENRICH", "true").args(&["--concurrency", "1"]).done().code(0);
        let prompts = db.rows("select prompt_text from ready_prompts where is_current").concat();
        assert_eq!(prompts.len(), 2);
        for prompt in prompts {
            assert!(
                prompt.starts_with("# Identity") && !prompt.contains("think>") && !prompt.contains("```"),
                "{prompt}"
            );
            assert!(!prompt.contains("Let me know!"), "{prompt}");
        }
    }
}
