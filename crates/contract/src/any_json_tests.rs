//! Proofs that arbitrary JSON leaves as what it came as, in JSON and in `MessagePack`.

use super::*;
use proptest::prelude::*;
use serde_json::Value;

fn json_of(text: &str) -> AnyJson {
    AnyJson::from_text(text).unwrap()
}

fn through_messagepack(json: &AnyJson) -> Value {
    rmp_serde::from_slice(&rmp_serde::to_vec(&json.values()).unwrap()).unwrap()
}

#[test]
fn json_leaves_verbatim_but_for_white_space_between_tokens() {
    let text = "{ \"b\" : [1.0, 1e2,\t18446744073709551616], \"a\": \" \\\" {\\\\\",\n \"a\": null }";
    let expected = "{\"b\":[1.0,1e2,18446744073709551616],\"a\":\" \\\" {\\\\\",\"a\":null}";
    assert_eq!(serde_json::to_string(&json_of(text)).unwrap(), expected);
}

#[test]
fn messagepack_keeps_integers_and_floats_apart() {
    let bytes = rmp_serde::to_vec(
        &json_of("[1,-1,300,18446744073709551615,-9223372036854775808,1.5,1.0,true,null,\"x\"]").values(),
    )
    .unwrap();
    let mut expected = vec![0x9a, 0x01, 0xff, 0xcd, 0x01, 0x2c, 0xcf];
    expected.extend(u64::MAX.to_be_bytes());
    expected.push(0xd3);
    expected.extend(i64::MIN.to_be_bytes());
    expected.push(0xcb);
    expected.extend(1.5_f64.to_be_bytes());
    expected.push(0xcb);
    expected.extend(1.0_f64.to_be_bytes());
    expected.extend([0xc3, 0xc0, 0xa1, b'x']);
    assert_eq!(bytes, expected);
}

#[test]
fn messagepack_keeps_the_order_of_members_and_repeated_names() {
    let bytes = rmp_serde::to_vec(&json_of(r#"{"b":1,"a":2,"b":3}"#).values()).unwrap();
    assert_eq!(bytes, [0x83, 0xa1, b'b', 1, 0xa1, b'a', 2, 0xa1, b'b', 3]);
}

#[test]
fn a_member_that_javascript_refuses_does_not_reach_its_messagepack_decoder() {
    let json = json_of(r#"{"a":{"__proto__":{"x":1},"b":2}}"#);
    assert_eq!(through_messagepack(&json), serde_json::json!({ "a": { "b": 2 } }));
}

#[test]
fn an_integer_beyond_64_bits_becomes_a_float_in_messagepack() {
    assert_eq!(through_messagepack(&json_of("18446744073709551616")), Value::from(18_446_744_073_709_551_616.0));
}

#[test]
fn sixty_levels_pass_and_sixty_one_do_not() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(AnyJson::from_text(&nested(MAX_JSON_DEPTH)).is_ok());
    for levels in [MAX_JSON_DEPTH + 1, 10_000] {
        let error = AnyJson::from_text(&nested(levels)).unwrap_err();
        assert_eq!(error.to_string(), "must not be nested more than 60 levels deep");
    }
}

#[test]
fn brackets_in_strings_are_no_levels() {
    assert!(AnyJson::from_text(&format!("\"{}\\\"{}\"", "[".repeat(100), "{".repeat(100))).is_ok());
}

#[test]
fn what_no_client_could_read_is_refused() {
    for text in ["1e400", r#""\ud800""#, r#"{"a":[-1e999]}"#, r#"{"\udc00":1}"#, "", "{", "[1,]", "\u{1e}"] {
        assert!(AnyJson::from_text(text).is_err(), "{text}");
    }
}

#[test]
fn withheld_members_are_taken_out_of_the_object_itself_only() {
    let json = json_of(r#"{"b":1.0,"secret":"x","a":{"secret":1}}"#);
    assert_eq!(json.without_members(|name| name == "secret").get(), r#"{"b":1.0,"a":{"secret":1}}"#);
    assert_eq!(json_of(r#"{"secret":"x"}"#).without_members(|name| name == "secret").get(), "{}");
    assert_eq!(json_of(r#"["secret"]"#).without_members(|_| true).get(), r#"["secret"]"#);
}

#[test]
fn a_withheld_member_is_found_however_it_is_escaped_or_repeated() {
    let json = json_of(r#"{"s\u0065cret":1,"secret":2,"kept":3}"#);
    assert_eq!(json.without_members(|name| name == "secret").get(), r#"{"kept":3}"#);
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has finite numbers only", |number| number.is_finite()).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(any::<String>(), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn json_and_messagepack_carry_the_same_value(value in any_value()) {
        let json = AnyJson::from_text(&serde_json::to_string_pretty(&value).unwrap()).unwrap();
        prop_assert_eq!(json.get(), &serde_json::to_string(&value).unwrap());
        prop_assert_eq!(through_messagepack(&json), value);
    }

    #[test]
    fn what_can_be_read_can_be_written(text in r#"[\[\]{}:," \\u0-9a-eE+.\-truenlfs\n]{0,60}"#) {
        if let Ok(json) = AnyJson::from_text(&text) {
            prop_assert!(rmp_serde::to_vec(&json.values()).is_ok());
            prop_assert!(!json.get().contains('\n'));
        }
    }
}
