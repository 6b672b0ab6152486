//! Recordings of realtime sessions, in a bucket of R2: for each session numbered segments, one after the other.
//!
//! A segment is an object of its own, so a recording whose Worker is lost has all but the last seconds, and nobody holds
//! more than one segment in memory. What a segment is, is for the Worker to know.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use worker::{Bucket, Env, Result};

/// The binding, which may be absent: then nothing is recorded.
const BINDING: &str = "RECORDINGS";

/// Objects that R2 lists, and deletes, in one call (R2 limits).
const AT_ONCE: u32 = 1_000;

/// One segment of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// What its object is called.
    pub name: String,
    /// Its length.
    pub bytes: u64,
}

/// The bucket of recordings, if there is one.
pub struct Recordings {
    bucket: Option<Bucket>,
}

impl Recordings {
    /// The bucket that the environment has.
    pub fn of(env: &Env) -> Self {
        Self { bucket: env.bucket(BINDING).ok() }
    }

    /// Whether there is a bucket.
    pub fn are_kept(&self) -> bool {
        self.bucket.is_some()
    }

    /// Keeps a segment.
    ///
    /// # Errors
    ///
    /// The bucket does not take it.
    pub async fn put(&self, key: &str, session: &str, number: u32, bytes: Vec<u8>) -> Result<()> {
        let Some(bucket) = &self.bucket else { return Ok(()) };
        bucket.put(format!("{}{number:06}", prefix(key, Some(session))), bytes).execute().await?;
        Ok(())
    }

    /// The segments of a session, in order.
    ///
    /// # Errors
    ///
    /// The bucket does not answer.
    pub async fn segments(&self, key: &str, session: &str) -> Result<Vec<Segment>> {
        self.list(&prefix(key, Some(session)), None).await
    }

    /// What a segment holds; none where it was deleted meanwhile.
    ///
    /// # Errors
    ///
    /// The bucket does not answer.
    pub async fn read(&self, segment: &Segment) -> Result<Option<Vec<u8>>> {
        let Some(bucket) = &self.bucket else { return Ok(None) };
        let object = bucket.get(&segment.name).execute().await?;
        match object.as_ref().and_then(worker::Object::body) {
            Some(body) => body.bytes().await.map(Some),
            None => Ok(None),
        }
    }

    /// Deletes the recording of a session, or all of a key.
    ///
    /// # Errors
    ///
    /// The bucket does not answer: some of it may be there still.
    pub async fn remove(&self, key: &str, session: Option<&str>) -> Result<()> {
        let Some(bucket) = &self.bucket else { return Ok(()) };
        loop {
            let segments = self.list(&prefix(key, session), Some(AT_ONCE)).await?;
            if segments.is_empty() {
                return Ok(());
            }
            bucket.delete_multiple(segments.into_iter().map(|segment| segment.name).collect::<Vec<_>>()).await?;
        }
    }

    /// What begins with a prefix, in order: all, or as much as one call brings.
    async fn list(&self, prefix: &str, most: Option<u32>) -> Result<Vec<Segment>> {
        let mut segments = Vec::new();
        let Some(bucket) = &self.bucket else { return Ok(segments) };
        let mut cursor = None;
        loop {
            let mut list = bucket.list().prefix(prefix).limit(AT_ONCE);
            if let Some(cursor) = cursor {
                list = list.cursor(cursor);
            }
            let page = list.execute().await?;
            segments.extend(page.objects().iter().map(|object| Segment { name: object.key(), bytes: object.size() }));
            cursor = page.cursor().filter(|_| page.truncated() && most.is_none());
            if cursor.is_none() {
                return Ok(segments);
            }
        }
    }
}

/// What the objects of a key, or of a session of it, begin with. A key's id may hold anything, slashes too.
fn prefix(key: &str, session: Option<&str>) -> String {
    let key = BASE64_URL_SAFE_NO_PAD.encode(key);
    session.map_or_else(|| format!("{key}/"), |session| format!("{key}/{session}/"))
}

#[cfg(test)]
mod tests {
    use super::prefix;

    #[test]
    fn no_key_has_a_name_that_another_begins_with() {
        assert_eq!(prefix("7", None), "Nw/");
        assert_eq!(prefix("7/8", Some("s")), "Ny84/s/");
    }
}
