use proptest::prelude::*;

use super::*;

fn refused(url: &str) -> TargetError {
    check_target(url, false).expect_err(url)
}

#[test]
fn public_hosts_are_called() {
    for url in [
        "https://example.com",
        "https://example.com/",
        "https://example.com./hook",
        "HTTPS://Hooks.Example.COM:8443/a/b?c=d@e#f",
        "https://example.com?x=http://localhost/",
        "https://example.com#@127.0.0.1/",
        "https://example.com/a:b@c",
        "https://my_hook.example.com/ä",
        "https://xn--mnchen-3ya.de/",
        "https://8.8.8.8/",
        "https://8.8.8.8.:443/",
        "https://172.15.0.1/",
        "https://172.32.0.1/",
        "https://100.128.0.1/",
        "https://[2606:4700:4700::1111]/",
        "https://[2606:4700:4700:0:0:0:0:1111]:8443/",
        "https://localhost.example.com/",
        "https://notlocalhost.com/",
        "https://0x.example.com/",
        "https://1.2.3.4.example.com/",
        "https://local.dev/",
    ] {
        assert_eq!(check_target(url, false), Ok(()), "{url}");
        assert_eq!(check_target(url, true), Ok(()), "{url}");
    }
}

#[test]
fn hosts_that_are_not_public_are_called_only_where_that_is_allowed() {
    for url in [
        "https://localhost/",
        "https://LOCALHOST./",
        "https://api.localhost/",
        "https://printer.local/",
        "https://printer.local./",
        "https://metadata.google.internal/computeMetadata/v1/",
        "https://router.lan/",
        "https://nas.home.arpa/",
        "https://wiki.corp/",
        "https://intranet/",
        "https://intranet./",
        "https://0.0.0.0/",
        "https://10.1.2.3/",
        "https://100.64.0.1/",
        "https://100.127.255.255/",
        "https://127.0.0.1/",
        "https://127.0.0.1./",
        "https://127.255.255.254:8443/",
        "https://169.254.169.254/latest/meta-data/",
        "https://172.16.0.1/",
        "https://172.31.255.255/",
        "https://192.0.0.1/",
        "https://192.0.2.1/",
        "https://192.88.99.1/",
        "https://192.168.0.1/",
        "https://198.18.0.1/",
        "https://198.19.255.255/",
        "https://198.51.100.1/",
        "https://203.0.113.1/",
        "https://224.0.0.1/",
        "https://255.255.255.255/",
        "https://[::]/",
        "https://[::1]/",
        "https://[0:0:0:0:0:0:0:1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[::127.0.0.1]/",
        "https://[::ffff:0:127.0.0.1]/",
        "https://[64:ff9b::127.0.0.1]/",
        "https://[64:ff9b:1::1]/",
        "https://[2002:7f00:1::]/",
        "https://[2001::1]/",
        "https://[2001:db8::1]/",
        "https://[3fff::1]/",
        "https://[2606:4700::5efe:127.0.0.1]/",
        "https://[2606:4700::200:5efe:10.0.0.1]/",
        "https://[fe80::1]/",
        "https://[fec0::1]/",
        "https://[fc00::1]/",
        "https://[FD00::1]/",
        "https://[ff02::1]/",
        "https://[100::1]/",
    ] {
        assert_eq!(refused(url), TargetError::Private, "{url}");
        assert_eq!(check_target(url, true), Ok(()), "{url}");
    }
}

#[test]
fn addresses_in_unusual_clothes_are_called_nowhere() {
    for url in [
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0X7F.0.0.1/",
        "https://017700000001/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://127.0.1/",
        "https://127.0.0.01/",
        "https://127.0.0.0x1/",
        "https://0x/",
        "https://foo.0x/",
        "https://foo.1/",
        "https://1.2.3.4.5/",
        "https://256.0.0.1/",
        "https://127.0.0.1../",
        "https://localhost../",
        "https://.localhost/",
        "https://a..b/",
        "https://./",
        "https://%6cocalhost/",
        "https://127.0.0.1%2f/",
        "https://127%2e0%2e0%2e1/",
        "https://ⓛocalhost/",
        "https://１２７.0.0.1/",
        "https://127。0。0。1/",
        "https://loc\u{ad}alhost/",
        "https://xn--localhost-/",
        "https://-a.com/",
        "https://[::1",
        "https://[::1]x/",
        "https://[fe80::1%25eth0]/",
        "https://[::ffff:0177.0.0.1]/",
        "https://[127.0.0.1]/",
        "https://[]/",
        "https://::1/",
        "https://exa!mple.com/",
        "https://exa,mple.com/",
        "https://example.com;localhost/",
        "https:///localhost/",
        "https:////localhost/",
        "https://",
        "https://?",
    ] {
        for allow_private in [false, true] {
            let result = check_target(url, allow_private);
            assert!(matches!(result, Err(TargetError::Host | TargetError::Port)), "{url}: {result:?}");
        }
    }
}

#[test]
fn no_user_information_is_sent_along() {
    for url in
        ["https://a@example.com/", "https://a:b@example.com/", "https://example.com@localhost/", "https://@a.com/"]
    {
        assert_eq!(refused(url), TargetError::UserInformation);
    }
}

#[test]
fn what_a_reader_could_drop_or_turn_round_is_refused() {
    for url in [
        r"https://example.com\@localhost/",
        r"https:\\localhost\",
        r"https://example.com/\",
        "https://local\nhost/",
        "https://local\thost/",
        "https://example.com/\r\nHost: localhost",
        " https://example.com/",
        "https://example.com/ ",
        "https://example.com/\u{0}",
        "https://example.com/\u{7f}",
    ] {
        assert_eq!(refused(url), TargetError::Character, "{url:?}");
    }
}

#[test]
fn https_is_required_and_http_only_allowed_with_private_targets() {
    assert_eq!(refused("http://example.com/"), TargetError::Scheme);
    assert_eq!(check_target("http://example.com/", true), Ok(()));
    assert_eq!(check_target("http://127.0.0.1:9000/", true), Ok(()));
    for url in [
        "",
        "/hook",
        "//example.com/",
        "example.com",
        "https:example.com",
        "https:/example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "javascript:alert(1)//://",
        "httpss://example.com/",
        "data:,https://example.com/",
    ] {
        assert_eq!(check_target(url, true), Err(TargetError::Scheme), "{url}");
    }
}

#[test]
fn a_port_is_a_number_from_1_to_65535() {
    for port in ["1", "443", "65535", "00080"] {
        assert_eq!(check_target(&format!("https://example.com:{port}/"), false), Ok(()), "{port}");
    }
    for port in ["", "0", "65536", "+443", "-1", "4 3", "4x", "000443", "443:443"] {
        assert!(check_target(&format!("https://example.com:{port}/"), false).is_err(), "{port}");
        assert!(check_target(&format!("https://[2606:4700::1]:{port}/"), false).is_err(), "{port}");
    }
}

#[test]
fn a_url_a_name_and_its_parts_have_a_length() {
    let of_length = |bytes: usize| format!("https://example.com/{}", "x".repeat(bytes - 20));
    assert_eq!(check_target(&of_length(2_048), false), Ok(()));
    assert_eq!(refused(&of_length(2_049)), TargetError::TooLong);
    assert_eq!(check_target(&format!("https://{}.com/", "x".repeat(63)), false), Ok(()));
    assert_eq!(refused(&format!("https://{}.com/", "x".repeat(64))), TargetError::Host);
    assert_eq!(refused(&format!("https://{}com/", "abc.".repeat(63))), TargetError::Host);
}

/// Texts that look like URLs, with all that could confuse a reader.
fn almost_url() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "localhost",
        "example",
        ".com",
        "127",
        "0",
        "1",
        "0x7f",
        "0177",
        ".",
        ".",
        "..",
        "@",
        ":",
        "/",
        "\\",
        "%2e",
        "%31",
        "[",
        "]",
        "::",
        "::1",
        "ffff:",
        "2606:4700::1",
        "xn--",
        "-",
        "_",
        "?",
        "#",
        " ",
        "\t",
        "\n",
        "。",
        "ⓛ",
        "ß",
        "\u{ad}",
        ":80",
        "443",
        "a",
        "local",
        "256",
    ]);
    let scheme =
        prop::sample::select(vec!["https://", "https://", "https://", "https://", "HTTPS://", "https:/", "https:"]);
    (scheme, prop::collection::vec(piece, 0..8)).prop_map(|(scheme, pieces)| scheme.to_owned() + &pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_096, max_global_rejects: 100_000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_accepted_is_read_in_the_same_way_by_who_fetches_it(text in almost_url()) {
        // What the fetching side refuses is called by nobody.
        if let (Ok(()), Ok(url)) = (check_target(&text, false), url::Url::parse(&text)) {
            prop_assert_eq!((url.username(), url.password()), ("", None));
            let authority = text.split_once("://").unwrap().1.split(['/', '?', '#']).next().unwrap();
            let (host, port) = split_port(authority).unwrap();
            let port = port.map_or(443, |port| port.parse().unwrap());
            prop_assert_eq!(url.port_or_known_default(), Some(port));
            match url.host().unwrap() {
                url::Host::Domain(name) => {
                    prop_assert_eq!(name, host.to_ascii_lowercase());
                    prop_assert_ne!(name.trim_end_matches('.').rsplit('.').next(), Some("localhost"));
                }
                url::Host::Ipv4(address) => prop_assert!(is_public_v4(address)),
                url::Host::Ipv6(address) => prop_assert!(is_public_v6(address)),
            }
        }
    }

    #[test]
    fn no_number_that_stands_for_an_address_is_accepted(address in any::<u32>()) {
        for host in [format!("{address}"), format!("0x{address:x}"), format!("0{address:o}")] {
            let url = format!("http://{host}/");
            prop_assert!(check_target(&url, true).is_err(), "{}", url);
        }
    }

    #[test]
    fn a_mapped_address_is_never_public(octets in any::<[u8; 4]>()) {
        let mapped = Ipv4Addr::from(octets).to_ipv6_mapped();
        let url = format!("https://[{mapped}]/");
        prop_assert_eq!(check_target(&url, false), Err(TargetError::Private));
    }
}
