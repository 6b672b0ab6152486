//! What is read from hostile and from ordinary bytes.

use super::*;

#[test]
fn an_array_of_four_billion_elements_in_five_bytes_is_malformed() {
    let hostile = [0xDD, 0xFF, 0xFF, 0xFF, 0xFF];
    assert_eq!(Reader::new(&hostile).array(), Err(Malformed));
    assert_eq!(Reader::new(&hostile).value(0), Err(Malformed));
    let hostile = [0xDF, 0xFF, 0xFF, 0xFF, 0xFF, 0xC0];
    assert_eq!(Reader::new(&hostile).map(), Err(Malformed));
    assert_eq!(Reader::new(&hostile).value(0), Err(Malformed));
}

#[test]
fn a_value_is_exactly_its_own_bytes() {
    // [{"a": [nil, ext]}, "b"], and then 7.
    let bytes = [0x92, 0x81, 0xA1, b'a', 0x92, 0xC0, 0xD4, 5, 6, 0xA1, b'b', 7];
    let mut reader = Reader::new(&bytes);
    assert_eq!(reader.value(0).unwrap(), &bytes[..11]);
    assert_eq!(reader.int64(), Ok(7));
    assert_eq!(reader.int64(), Err(Malformed));
}

#[test]
fn every_kind_of_value_can_be_skipped() {
    let values: [&[u8]; 24] = [
        &[0x00],
        &[0xFF],
        &[0xC0],
        &[0xC2],
        &[0xC3],
        &[0xCC, 1],
        &[0xCD, 1, 2],
        &[0xCE, 1, 2, 3, 4],
        &[0xCB, 1, 2, 3, 4, 5, 6, 7, 8],
        &[0xCA, 1, 2, 3, 4],
        &[0xA2, b'a', b'b'],
        &[0xD9, 1, b'a'],
        &[0xDA, 0, 1, b'a'],
        &[0xDB, 0, 0, 0, 1, b'a'],
        &[0xC4, 1, 9],
        &[0xC5, 0, 1, 9],
        &[0xC6, 0, 0, 0, 1, 9],
        &[0xD5, 1, 2, 3],
        &[0xC7, 1, 5, 9],
        &[0xC8, 0, 1, 5, 9],
        &[0xC9, 0, 0, 0, 1, 5, 9],
        &[0x80],
        &[0xDC, 0, 1, 0xC0],
        &[0xDE, 0, 1, 0xC0, 0xC0],
    ];
    for value in values {
        assert_eq!(Reader::new(value).value(0), Ok(value));
        assert_eq!(Reader::new(&value[..value.len() - 1]).value(0), Err(Malformed), "{value:x?} cut");
    }
    assert_eq!(Reader::new(&[0xC1]).value(0), Err(Malformed));
}

#[test]
fn sixty_four_levels_pass_and_sixty_five_do_not() {
    let nested = |levels: usize| [vec![0x91; levels], vec![0xC0]].concat();
    assert!(Reader::new(&nested(64)).value(0).is_ok());
    assert!(Reader::new(&nested(65)).value(0).is_err());
    assert!(Reader::new(&nested(62)).value(2).is_ok());
    assert!(Reader::new(&nested(63)).value(2).is_err());
    assert!(Reader::new(&nested(1_000_000)).value(0).is_err());
}

#[test]
fn numbers_may_be_wider_than_they_need_be_but_not_than_their_type() {
    assert_eq!(Reader::new(&[0xD3, 0, 0, 0, 0, 0, 0, 0, 42]).int32(), Ok(42));
    assert_eq!(Reader::new(&[0xCF, 0xFF, 0, 0, 0, 0, 0, 0, 0]).int64(), Err(Malformed));
    assert_eq!(Reader::new(&[0xCE, 0xFF, 0, 0, 0]).int32(), Err(Malformed));
    assert_eq!(Reader::new(&[0xD0, 0xFF]).int32(), Ok(-1));
}
