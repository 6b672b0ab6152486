//! Where Conduit itself may be sent: the URLs of webhooks and of health checks.
//!
//! What a name resolves to can't be seen from a Worker; what the URL itself says can. Fetching reads URLs leniently
//! (<https://url.spec.whatwg.org>): it knows eight ways to write 127.0.0.1. This reader knows one, and refuses every URL
//! that fetching could read as another than it does: the host that is checked is the host that is called.

use std::net::{Ipv4Addr, Ipv6Addr};

use thiserror::Error;

/// The longest URL, in bytes.
pub const MAX_TARGET_BYTES: usize = 2_048;

/// The longest name and the longest part of one, in bytes (RFC 1035, section 2.3.4).
const MAX_NAME_BYTES: usize = 253;
const MAX_LABEL_BYTES: usize = 63;

/// Ends of names that lead nowhere in the public network: RFC 6761, RFC 6762, RFC 8375, the name that ICANN keeps free
/// for private use, and those that routers and companies commonly use.
const LOCAL_NAMES: [&str; 10] =
    ["localhost", "localdomain", "local", "internal", "intranet", "private", "lan", "home", "corp", "home.arpa"];

/// Says why Conduit calls no such URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TargetError {
    /// It is longer than [`MAX_TARGET_BYTES`].
    #[error("must be at most {MAX_TARGET_BYTES} bytes long")]
    TooLong,
    /// It has a space, a control character or a backslash.
    #[error("must not contain spaces, control characters or backslashes")]
    Character,
    /// It is no absolute URL, or begins with another scheme.
    #[error("must be an absolute URL that begins with https://")]
    Scheme,
    /// It has a user's name or a password.
    #[error("must not contain user information")]
    UserInformation,
    /// Its host is no plain name and no plain address.
    #[error(
        "must have a host that is a name of letters, digits, '-', '_' and '.', or an address in its usual form; \
         other letters are written as xn--"
    )]
    Host,
    /// Its port is none.
    #[error("must have a port from 1 to 65535, or none")]
    Port,
    /// It leads to a machine that is not public.
    #[error("must not lead to a private, loopback, link-local or local host")]
    Private,
}

/// Checks a URL that Conduit is to call. `allow_private` is the configuration's `ALLOW_PRIVATE_TARGETS`: it allows http,
/// and hosts that are not public.
///
/// # Errors
///
/// Why it is not called.
pub fn check_target(url: &str, allow_private: bool) -> Result<(), TargetError> {
    if url.len() > MAX_TARGET_BYTES {
        return Err(TargetError::TooLong);
    }
    if url.chars().any(|character| character.is_control() || character == ' ' || character == '\\') {
        return Err(TargetError::Character);
    }
    let (scheme, rest) = url.split_once("://").ok_or(TargetError::Scheme)?;
    let is_allowed = scheme.eq_ignore_ascii_case("https") || allow_private && scheme.eq_ignore_ascii_case("http");
    if !is_allowed {
        return Err(TargetError::Scheme);
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(TargetError::UserInformation);
    }
    let (host, port) = split_port(authority)?;
    if let Some(port) = port {
        check_port(port)?;
    }
    let is_public = is_public(host)?;
    if is_public || allow_private { Ok(()) } else { Err(TargetError::Private) }
}

/// The host, brackets included, and what follows the colon behind it.
fn split_port(authority: &str) -> Result<(&str, Option<&str>), TargetError> {
    let host_length = if authority.starts_with('[') {
        authority.find(']').ok_or(TargetError::Host)? + 1
    } else {
        authority.find(':').unwrap_or(authority.len())
    };
    let (host, rest) = authority.split_at_checked(host_length).ok_or(TargetError::Host)?;
    match rest.strip_prefix(':') {
        Some(port) => Ok((host, Some(port))),
        None if rest.is_empty() => Ok((host, None)),
        None => Err(TargetError::Host),
    }
}

fn check_port(port: &str) -> Result<(), TargetError> {
    let is_number = (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
    match port.parse::<u16>() {
        Ok(1..) if is_number => Ok(()),
        _ => Err(TargetError::Port),
    }
}

/// Whether a host is public, as far as its name or address tells.
fn is_public(host: &str) -> Result<bool, TargetError> {
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse().map(is_public_v6).map_err(|_| TargetError::Host);
    }
    let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    if name.is_empty() || name.len() > MAX_NAME_BYTES || !name.split('.').all(is_label) {
        return Err(TargetError::Host);
    }
    // A name that ends in a number is an address to those who fetch it, however it is written.
    if name.rsplit('.').next().is_some_and(is_number) {
        return name.parse().map(is_public_v4).map_err(|_| TargetError::Host);
    }
    let is_local = |local: &&str| name.strip_suffix(*local).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    Ok(name.contains('.') && !LOCAL_NAMES.iter().any(is_local))
}

/// Hyphens inside only: `xn--localhost-` is `localhost` to some.
fn is_label(label: &str) -> bool {
    (1..=MAX_LABEL_BYTES).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

fn is_number(label: &str) -> bool {
    let is_hexadecimal =
        label.strip_prefix("0x").is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    is_hexadecimal || label.bytes().all(|byte| byte.is_ascii_digit())
}

/// The addresses that IANA lists as globally reachable
/// (<https://www.iana.org/assignments/iana-ipv4-special-registry>), and no multicast.
fn is_public_v4(address: Ipv4Addr) -> bool {
    !matches!(
        address.octets(),
        [0 | 10 | 127 | 224..=255, ..]
            | [100, 64..=127, ..]
            | [169, 254, ..]
            | [172, 16..=31, ..]
            | [192, 0, 0 | 2, _]
            | [192, 88, 99, _]
            | [192, 168, ..]
            | [198, 18 | 19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
    )
}

/// Global unicast (`2000::/3`) without what IANA keeps for protocols, documentation and tunnels
/// (<https://www.iana.org/assignments/iana-ipv6-special-registry>). Addresses that carry one of version 4 are none of it:
/// mapped and translated ones lie outside, and those of the tunnels (6to4, Teredo, `ISATAP`) are taken out.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let is_global_unicast = matches!(segments, [0x2000..=0x3fff, ..]);
    let is_reserved = matches!(
        segments,
        [0x2001, 0..=0x01ff | 0x0db8, ..]
            | [0x2002, ..]
            | [0x3fff, 0..=0x0fff, ..]
            | [_, _, _, _, 0 | 0x0200, 0x5efe, ..]
    );
    is_global_unicast && !is_reserved
}

#[cfg(test)]
#[path = "target_url_tests.rs"]
mod tests;
