use super::*;

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn read(json: &str) -> Result<String, String> {
    serde_json::from_str::<Money>(json).map(|money| money.to_string()).map_err(|error| error.to_string())
}

#[test]
fn a_number_and_a_decimal_string_are_the_same_money() {
    for (json, expected) in [
        ("0.1", "0.1"),
        ("\"0.1\"", "0.1"),
        ("\"\\u0030.10\"", "0.1"),
        ("12.50", "12.5"),
        ("-3", "-3"),
        ("-0.0", "0"),
        ("0e999999999999999999999", "0"),
        ("1.25e1", "12.5"),
        ("25E-1", "2.5"),
        ("1e+3", "1000"),
        ("0.0000000001", "0.0000000001"),
        ("123456789012.0123456789", "123456789012.0123456789"),
        ("0.30000000000000000", "0.3"),
        ("1000000000000000", "1000000000000000"),
    ] {
        assert_eq!(read(json).as_deref(), Ok(expected), "{json}");
    }
}

#[test]
fn money_is_written_as_a_number_without_trailing_zeros() {
    for (text, expected) in [("0.10", "0.1"), ("100.00", "100"), ("-7.5000000000", "-7.5"), ("0.000", "0")] {
        assert_eq!(serde_json::to_string(&money(text)).unwrap(), expected);
        assert_eq!(money(text).to_string(), expected);
    }
}

#[test]
fn what_is_no_money_is_refused_with_the_rule() {
    for json in [
        "null", "true", "[1]", "{}", "\"\"", "\"abc\"", "\"1.\"", "\".5\"", "\"+1\"", "\" 1\"", "\"1,5\"", "\"1e\"",
        "\"--1\"", "\"NaN\"",
    ] {
        assert!(
            read(json).unwrap_err().starts_with("must be a number or a decimal string such as \"12.50\""),
            "{json}"
        );
    }
    for json in ["0.00000000001", "\"1.12345678901\"", "1e-11", "1e-99999999999999999999"] {
        assert!(read(json).unwrap_err().starts_with("must have at most 10 decimals"), "{json}");
    }
    for json in ["1000000000000000.0000000001", "-1e16", "1e99", "1e99999999999999999999", "99999999999999999999999"] {
        let error = read(json).unwrap_err();
        assert!(error.starts_with("must be from -1000000000000000 to 1000000000000000"), "{json}: {error}");
    }
}

#[test]
fn an_amount_is_neither_negative_nor_absurd() {
    let read = |json| serde_json::from_str::<Amount>(json).map_err(|error| error.to_string());
    assert_eq!(read("\"0.002\"").unwrap().get(), money("0.002"));
    assert_eq!(read("1000000000000").unwrap().get(), money("1000000000000"));
    assert!(read("-0.0000000001").unwrap_err().starts_with("must not be negative"));
    assert!(read("1000000000000.01").unwrap_err().starts_with("must be at most 1000000000000"));
}

#[test]
fn ten_dimes_are_a_unit() {
    let sum = (0..10).fold(Money::ZERO, |sum, _| sum.saturating_add(money("0.1")));
    assert_eq!(sum, money("1"));
    assert_eq!(sum.saturating_sub(sum).to_string(), "0");
    assert_eq!(money("0.0000000001").saturating_mul(3), money("0.0000000003"));
}

#[test]
fn a_share_is_rounded_to_ten_decimals() {
    assert_eq!(money("1").checked_div(3), Some(money("0.3333333333")));
    assert_eq!(money("2").checked_div(3), Some(money("0.6666666667")));
    assert_eq!(money("2").checked_div(0), None);
}

#[test]
fn sums_stop_growing_where_figures_end() {
    let most = money("1000000000000000");
    assert_eq!(most.saturating_add(money("0.1")), most);
    assert_eq!(most.saturating_mul(u64::MAX), most);
    let least = money("-1000000000000000");
    assert_eq!(least.saturating_sub(most), least);
    assert_eq!(least.saturating_mul(u64::MAX), least);
}

#[test]
fn a_wrong_amount_is_named_by_its_field() {
    #[derive(Debug, serde::Deserialize)]
    #[expect(dead_code, reason = "only read")]
    struct Priced {
        amount: Amount,
    }
    let rejection = |json| crate::fields::parse::<Priced>(json).unwrap_err().to_string();
    assert_eq!(rejection(r#"{"amount": -1}"#), "amount: must not be negative");
    assert_eq!(rejection(r#"{"amount": null}"#), "amount: must be a number or a decimal string such as \"12.50\"");
    assert_eq!(rejection("{}"), "amount: missing");
}

#[cfg(feature = "schema")]
#[test]
fn money_is_described_as_a_number_out_and_a_string_too_in() {
    use schemars::generate::SchemaSettings;
    let described = |settings: SchemaSettings| settings.into_generator().into_root_schema_for::<Amount>().to_value();
    let out = described(SchemaSettings::draft2020_12().for_serialize());
    assert_eq!((out["type"].as_str(), out["minimum"].as_i64()), (Some("number"), Some(0)));
    let both_in = described(SchemaSettings::draft2020_12());
    assert_eq!(both_in["type"], serde_json::json!(["number", "string"]));
}
