//! Each case is the behaviour of a real model, with the public report if there is one.

use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

use super::{Notes, plain};
use crate::core::tone::Tone;
use crate::domain::memory::GraphType;

fn good() -> Value {
    json!({"facts": [{"fact": "They sail.", "kind": "user", "quote": "I sail"}], "threads": ["The regatta."], "thoughts": [],
           "summary": "They talked about boats {and \"<think>\"}.", "emotional_tone": "playful"})
}

/// A draft in a model's thinking; never the answer.
const DRAFT: &str = r#"{"facts": [{"fact": "DRAFT", "kind": "user"}], "summary": "DRAFT"}"#;

#[rstest]
#[case::alone("@")]
#[case::bom("\u{feff}@")]
#[case::fence("```json\n@\n```")]
#[case::fence_never_closed("```\n@")]
#[case::prose("Sure! Here are the notes you asked for {as JSON}:\n\n@\n\nLet me know if you need [more].")]
#[case::think("<think>They sail, so {\"facts\": …}.</think>\n@")]
#[case::draft_in_think("<think>maybe DRAFT</think>@")] // HKUDS/DeepTutor#675
#[case::think_with_attributes("<THINK lang=\"en\">DRAFT</Think >DRAFT</think>@")] // nanobrowser/nanobrowser#325
#[case::think_never_opened("I could say DRAFT\n</think>\n\n@")] // THU-MAIC/OpenMAIC#750
#[case::think_never_closed("<think>\nDRAFT would do, better:\n```json\n@\n```\n")]
#[case::think_in_brackets("[THINK]DRAFT[/THINK]@")]
#[case::two_thoughts("<think>DRAFT</think><reasoning>DRAFT</reasoning>@")]
#[case::channels("<|channel|>analysis<|message|>DRAFT<|end|><|start|>assistant<|channel|>final<|message|>@<|return|>")]
#[case::the_last_one_counts("DRAFT\n@")]
#[case::an_empty_one_after_it("@\n{\"facts\": [], \"summary\": \"\"}")]
#[case::the_schema_after_it("@\nSCHEMA")]
#[case::in_a_list("[@]")]
// Open-Historia/open-historia#354
#[case::commas_too_many("COMMAS")]
#[case::commas_too_many_in_a_fence("Here, as {JSON}:\n```json\nCOMMAS\n```")]
#[case::wrapped("{\"conversation_notes\": @}")]
#[case::wrapped_in_properties("{\"type\": \"object\", \"properties\": @}")]
// jundot/omlx#2565
#[case::as_a_tool_call_in_text("<tool_call>{\"name\": \"conversation_notes\", \"arguments\": @}</tool_call>")]
#[case::as_a_string("STRING")]
#[case::a_string_in_a_tool_call("{\"name\": \"conversation_notes\", \"arguments\": STRING}")]
fn the_answer_is_found(#[case] around: &str) {
    let text = around
        .replace("STRING", &Value::String(good().to_string()).to_string())
        .replace("SCHEMA", &Notes::schema().to_string())
        .replace(
            "COMMAS",
            // Not inside the summary.
            &good().to_string().replace(']', ", ]").replace('}', ",\n}").replace("\\\",\n}", "\\\"}"),
        )
        .replace("DRAFT", DRAFT)
        .replace('@', &good().to_string());
    let notes = Notes::in_text(&text).unwrap_or_else(|violation| panic!("{violation}: {text}"));
    assert_eq!(notes, Notes::in_value(&good()).unwrap(), "{text}");
    assert_eq!(notes.summary, "They talked about boats {and \"<think>\"}.");
}

#[rstest]
#[case::prose("I am sorry, I can't do that.", "it holds no JSON object")]
#[case::thinking_only("<think>DRAFT</think>", "it holds no JSON object")]
#[case::thinking_that_goes_on("<think>DRAFT and then I would", "it holds no JSON object")]
#[case::the_schema("SCHEMA", "it holds no JSON object")]
#[case::one_field("{\"summary\": \"x\"}", "it holds no JSON object")]
#[case::two_of_the_lesser("{\"threads\": [\"x\"], \"thoughts\": [\"y\"]}", "it holds no JSON object")]
#[case::broken_off("{\"facts\": [{\"fact\": \"They sail.\"", "it holds no JSON object")]
#[case::empty(
    "{\"facts\": [{\"fact\": \" \"}], \"threads\": [\"\"], \"thoughts\": [], \"summary\": \"\", \"emotional_tone\": \"cold\"}",
    "all its fields are empty"
)]
#[case::nulls(
    "{\"facts\": null, \"threads\": null, \"thoughts\": null, \"summary\": null}",
    "all its fields are empty"
)]
#[case::two_at_once("{\"a\": DRAFT, \"b\": DRAFT}", "it holds no JSON object")]
#[case::another_type("{\"facts\": 7, \"summary\": \"x\"}", "/facts has the wrong type")]
#[case::text_for_a_list("{\"facts\": [], \"summary\": \"x\", \"threads\": \"none\"}", "/threads has the wrong type")]
#[case::a_fact_without_its_sentence(
    "{\"facts\": [{\"kind\": \"user\"}], \"summary\": \"x\"}",
    "/facts/0 lacks \"fact\""
)]
fn violations_are_named(#[case] text: &str, #[case] violation: &str) {
    let text = text.replace("SCHEMA", &Notes::schema().to_string()).replace("DRAFT", DRAFT);
    let said = Notes::in_text(&text).expect_err(&text);
    assert!(said.starts_with(violation), "{said}");
}

/// manavgup/wikimind#297: unescaped line breaks and tabs inside strings.
#[test]
fn strings_can_contain_line_breaks() {
    let text = "<think>{</think>{\"facts\": [\"They\nsail, ]\",], \"summary\": \"Boats:\t\\\"a, }\\\"\r\n\", }";
    let notes = Notes::in_text(text).unwrap();
    assert_eq!((notes.facts[0].fact.as_str(), notes.summary.as_str()), ("They\nsail, ]", "Boats: \"a, }\" \n"));
}

#[rstest]
#[case::tone_with_a_capital("emotional_tone", json!("Positive"))]
#[case::unknown_tone("emotional_tone", json!("melancholic"))]
#[case::no_tone("emotional_tone", json!(null))]
#[case::a_list_of_tones("emotional_tone", json!(["cold"]))]
#[case::null_list("threads", json!(null))]
// mistralai/mistral-vibe#271
#[case::stringified_list("threads", json!("[\"The regatta.\", null]"))]
#[case::empty_text_for_a_list("thoughts", json!(""))]
#[case::further_field("confidence", json!(0.9))]
#[case::facts_as_texts("facts", json!(["They sail."]))]
#[case::stringified_facts("facts", json!("[{\"fact\": \"They sail.\", \"kind\": \"user\"}]"))]
#[case::unknown_kind("facts", json!([{"fact": "They sail.", "kind": "hobby", "confidence": 1}]))]
#[case::no_kind("facts", json!([null, {"fact": "They sail."}]))]
#[case::summary_in_sentences("summary", json!(["They talked.", "About boats."]))]
fn fields_are_read_leniently(#[case] field: &str, #[case] value: Value) {
    let mut reply = good();
    reply[field] = value;
    let notes = Notes::in_value(&reply).unwrap();
    assert_eq!(notes.facts[0].fact, "They sail.");
    assert!(notes.summary.starts_with("They talked"));
    match field {
        "emotional_tone" if reply[field] == "Positive" => assert_eq!(notes.emotional_tone, Tone::Positive),
        "emotional_tone" => assert_eq!(notes.emotional_tone, Tone::Neutral),
        "threads" if reply[field].is_null() => assert!(notes.threads.is_empty()),
        "threads" => assert_eq!(notes.threads, ["The regatta."]),
        "facts" if !reply[field].is_string() => assert_eq!(notes.facts[0].kind, GraphType::Relationship),
        _ => {}
    }
}

#[test]
fn field_names_can_have_any_spelling() {
    let reply = json!({"Facts": ["They sail."], "Summary": "x", "emotionalTone": "cold"});
    let notes = Notes::in_value(&reply).unwrap();
    assert_eq!((notes.facts.len(), notes.emotional_tone), (1, Tone::Cold));
}

/// A thinking text counts only as one whole object (scouzi1966/maclocal-api#44).
#[rstest]
#[case(" @ ", true)]
#[case("```json\n@\n```", true)]
#[case("They want @", false)]
#[case("@ is what I would say", false)]
#[case("[@]", false)]
fn thinking_counts_as_one_whole_object(#[case] thinking: &str, #[case] counts: bool) {
    assert_eq!(Notes::alone_in(&thinking.replace('@', &good().to_string())).is_some(), counts);
}

#[test]
fn the_schema_fits_the_types() {
    let schema = Notes::schema();
    assert_eq!(schema["required"], json!(["facts", "threads", "thoughts", "summary", "emotional_tone"]));
    assert_eq!(schema["properties"]["facts"]["items"]["required"], json!(["quote", "fact", "kind"]));
    assert_eq!(schema["additionalProperties"], false);
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert!(validator.is_valid(&good()));
    for tone in schema["properties"]["emotional_tone"]["enum"].as_array().unwrap() {
        let notes = Notes::in_value(&json!({"summary": "x", "facts": [], "emotional_tone": tone})).unwrap();
        assert_eq!(json!(notes.emotional_tone), *tone);
    }
}

const TEXT: &str =
    "# Identity\nYou are Nikita.\n\n# State\n- calm: {all} is <well> & [good]\n\nYou like ```code``` a bit.";

#[rstest]
#[case::as_it_is("@")]
#[case::bom("\u{feff}\n@\n")]
#[case::think("<think>Let me polish.\n# Identity\nno</think>\n\n@")]
#[case::think_never_opened("Let me polish.</think>@")]
#[case::two_kinds_of_thinking("<thinking>a</thinking>\n<reflection>b</reflection>\n@")]
#[case::fence("```markdown\n@\n```")]
#[case::announced("Here is the polished prompt:\n\n@")]
#[case::announced_with_emphasis(
    "Sure!\n\n**Here’s the polished system prompt:**\n\n---\n\n@\n\n---\n\nLet me know if you'd like any changes!"
)]
#[case::fence_and_prose("Certainly! Below is the prompt.\n\n```\n@\n```\n\nI hope this helps.")]
#[case::in_json("{\"prompt\": JSON}")]
#[case::in_marks("<|start|>x<|channel|>final<|message|>@<|return|>")]
#[case::leaves("@\n\nI've kept every heading and fact.")]
fn plain_text_is_the_text_alone(#[case] around: &str) {
    let reply = around.replace("JSON", &json!(TEXT).to_string()).replace('@', TEXT);
    assert_eq!(plain::text(&reply), TEXT, "{reply}");
}

#[rstest]
#[case("<think>They talked about boats and")]
#[case("<think>They talked.</think>")]
#[case("")]
#[case("\u{feff} \n")]
fn thinking_alone_is_no_text(#[case] reply: &str) {
    assert_eq!(plain::text(reply), "");
}

#[rstest]
#[case("They talked about boats.")]
#[case("Sure of himself, he left.\nShe stayed.")]
#[case("Okay, said he")]
#[case("\"Hi\" was all that was said. \"Bye\" followed.")]
#[case("我们谈到了船。")]
fn text_without_chatter_is_unchanged(#[case] text: &str) {
    assert_eq!(plain::text(text), text);
}

proptest! {
    #[test]
    fn never_panics_and_never_quotes(pieces in prop::collection::vec(
        prop_oneof!["<think>|</think>|```|\\[THINK\\]|<\\|", "[{}\\[\\]\",:<>◁]{1,4}", "facts|summary|\"facts\": \\[\\]|hunter2", ".{0,6}"], 0..30)) {
        let text = pieces.concat();
        if let Err(violation) = Notes::in_text(&text) {
            prop_assert!(!violation.contains("hunter2"), "{}", violation);
        }
        let plain = plain::text(&text);
        prop_assert!(!plain.to_lowercase().contains("</think>") || text.contains('\\'), "{}", plain);
    }
}

/// With quadratic time this test would not end.
#[test]
fn a_megabyte_takes_no_time() {
    for piece in
        ["<think>", "<think ", "</think>", "{", "[", "[[\"", "{\"facts\":", "```", "<think></think>", "<|", "◁think▷"]
    {
        let text = piece.repeat(1_000_000 / piece.len());
        let _ = Notes::in_text(&text);
        let _ = plain::text(&text);
    }
}
