//! How receivers know that a webhook is Conduit's: a signature of the Standard Webhooks specification, version 1
//! (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>).

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::time::Timestamp;

/// What every secret starts with.
const PREFIX: &str = "whsec_";
/// What every signature starts with: its version, symmetric.
const SIGNATURE_PREFIX: &str = "v1,";
/// Random bytes of a secret: the specification wants 24 to 64.
pub const WEBHOOK_SECRET_BYTES: usize = 32;
/// How long a secret still signs beside the one that follows it: a day.
const OLD_SECRET_MILLIS: i64 = 86_400_000;
/// The most secrets that sign at once; past it the oldest ends early.
const MOST_SECRETS: usize = 8;

/// A new secret, in the one answer that shows it. It has no `Debug`: it is never logged.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RotatedWebhookSecret {
    /// `whsec_…`
    pub secret: String,
    /// Until when older ones sign too, where there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_expires_at: Option<Timestamp>,
}

/// The secrets of a key, newest first. Their JSON is for storing; they have no `Debug`, and are never logged.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WebhookSecrets(Vec<WebhookSecret>);

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WebhookSecret {
    /// The bytes in base64.
    base64: String,
    /// Until when it signs; the newest has no end.
    until_millis: Option<i64>,
}

impl WebhookSecrets {
    /// Whether there is none yet.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Makes another one the newest, and gives its text, for the one answer that shows it.
    pub fn rotate(&mut self, random: [u8; WEBHOOK_SECRET_BYTES], now_millis: i64) -> String {
        self.0.retain(|secret| secret.until_millis.is_none_or(|until_millis| now_millis < until_millis));
        for secret in &mut self.0 {
            secret.until_millis.get_or_insert(now_millis.saturating_add(OLD_SECRET_MILLIS));
        }
        let base64 = STANDARD.encode(random);
        let text = format!("{PREFIX}{base64}");
        self.0.insert(0, WebhookSecret { base64, until_millis: None });
        self.0.truncate(MOST_SECRETS);
        text
    }

    /// When the last of the older secrets ends, if any of them still signs.
    pub fn old_until_millis(&self, now_millis: i64) -> Option<i64> {
        self.0.iter().filter_map(|secret| secret.until_millis).filter(|until_millis| now_millis < *until_millis).max()
    }

    /// The value of `webhook-signature`: one signature for each secret that signs, newest first.
    pub fn sign(&self, webhook_id: &str, timestamp_seconds: i64, body: &str, now_millis: i64) -> String {
        let is_good =
            |secret: &&WebhookSecret| secret.until_millis.is_none_or(|until_millis| now_millis < until_millis);
        let signed =
            self.0.iter().filter(is_good).filter_map(|secret| secret.sign(webhook_id, timestamp_seconds, body));
        signed.collect::<Vec<_>>().join(" ")
    }
}

impl WebhookSecret {
    /// None of what is no base64, which nothing here writes.
    fn sign(&self, webhook_id: &str, timestamp_seconds: i64, body: &str) -> Option<String> {
        let bytes = STANDARD.decode(&self.base64).ok()?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&bytes).ok()?;
        mac.update(format!("{webhook_id}.{timestamp_seconds}.").as_bytes());
        mac.update(body.as_bytes());
        Some(format!("{SIGNATURE_PREFIX}{}", STANDARD.encode(mac.finalize().into_bytes())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MILLIS: i64 = 86_400_000;

    fn signatures(secrets: &WebhookSecrets, now_millis: i64) -> Vec<String> {
        secrets.sign("id", 1, "{}", now_millis).split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn the_signature_is_that_of_the_specifications_libraries() {
        // The vector that the libraries of the specification are tested with.
        let secrets = WebhookSecrets(vec![WebhookSecret {
            base64: "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned(),
            until_millis: None,
        }]);
        let signature = secrets.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#, 0);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_has_32_bytes_in_base64() {
        let text = WebhookSecrets::default().rotate([0xfb; WEBHOOK_SECRET_BYTES], 0);
        assert_eq!(STANDARD.decode(text.strip_prefix("whsec_").unwrap()).unwrap(), [0xfb; 32]);
    }

    #[test]
    fn an_old_secret_signs_for_a_day_beside_the_new_one() {
        let mut secrets = WebhookSecrets::default();
        secrets.rotate([1; 32], 0);
        let [first] = &signatures(&secrets, 1_000)[..] else { panic!("one signature") };
        assert_eq!(secrets.old_until_millis(1_000), None);
        secrets.rotate([2; 32], 1_000);
        let both = signatures(&secrets, 1_000);
        assert_eq!((both.len(), &both[1]), (2, first));
        assert_eq!(secrets.old_until_millis(1_000), Some(1_000 + DAY_MILLIS));
        assert_eq!(signatures(&secrets, 1_000 + DAY_MILLIS - 1).len(), 2);
        assert_eq!(signatures(&secrets, 1_000 + DAY_MILLIS), both[..1]);
    }

    #[test]
    fn each_of_several_rotations_has_its_own_day_and_there_are_so_many() {
        let mut secrets = WebhookSecrets::default();
        for nth in 0..3 {
            secrets.rotate([nth; 32], i64::from(nth) * 1_000);
        }
        assert_eq!(signatures(&secrets, 2_000).len(), 3);
        assert_eq!(signatures(&secrets, 1_000 + DAY_MILLIS).len(), 2);
        for nth in 3..30 {
            secrets.rotate([nth; 32], 3_000);
        }
        assert_eq!(signatures(&secrets, 3_000).len(), MOST_SECRETS);
        let stored = serde_json::to_string(&secrets).unwrap();
        let read: WebhookSecrets = serde_json::from_str(&stored).unwrap();
        assert_eq!(signatures(&read, 3_000), signatures(&secrets, 3_000));
    }
}
