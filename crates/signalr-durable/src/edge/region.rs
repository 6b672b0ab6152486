//! Where a client is, in the words of Durable Objects.

use worker::{Cf, Request};

/// The location hint for the place that a request comes from
/// (<https://developers.cloudflare.com/durable-objects/reference/data-location/>); none if the platform does not say.
pub fn region_of(request: &Request) -> Option<&'static str> {
    let cf: &Cf = request.cf()?;
    let longitude = cf.coordinates().map(|(_, longitude)| longitude);
    hint(&cf.continent()?, longitude)
}

/// Continents are cut where the hints are: at the Rockies, and between Germany and Poland.
fn hint(continent: &str, longitude: Option<f32>) -> Option<&'static str> {
    let is_west_of = |border: f32| longitude.is_some_and(|longitude| longitude < border);
    Some(match continent {
        "NA" if is_west_of(-104.0) => "wnam",
        "NA" => "enam",
        "SA" => "sam",
        "EU" if longitude.is_none() || is_west_of(15.0) => "weur",
        "EU" => "eeur",
        "AS" if is_west_of(60.0) => "me",
        "AS" => "apac",
        "OC" => "oc",
        "AF" => "afr",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::hint;

    #[test]
    fn a_place_has_the_hint_of_its_part_of_the_world() {
        for (continent, longitude, expected) in [
            ("NA", Some(-122.4), Some("wnam")),
            ("NA", Some(-74.0), Some("enam")),
            ("EU", Some(-0.1), Some("weur")),
            ("EU", Some(21.0), Some("eeur")),
            ("AS", Some(46.7), Some("me")),
            ("AS", Some(139.7), Some("apac")),
            ("EU", None, Some("weur")),
            ("AN", None, None),
        ] {
            assert_eq!(hint(continent, longitude), expected, "{continent} {longitude:?}");
        }
    }
}
