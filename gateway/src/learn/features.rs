//! Which numbers a window becomes: `force:mean,std;vibration:rms,band(10-100)`.

use super::WrongAsk;
use super::contract::Pool;
use anyhow::{Context, Result};
use takt_config::resolved::{Check, Line};
use takt_models::baseline::{Column, Source, made_up_windows};
use takt_models::features::{Feature, FeaturePlan};
use takt_models::package::{FeatureSpec, Input};
use takt_plant::WindowSpec;

/// What is computed where nothing was said: level, spread, energy and extreme of every input.
const USUAL: &str = "*:mean,std,rms,peak";

/// The chosen features.
#[derive(Debug)]
pub(super) struct Chosen {
    /// Place of the input in the check, and what is computed from it.
    items: Vec<(usize, Feature)>,
    /// The inputs' roles.
    roles: Vec<String>,
    /// Samples a second of the input of the first band.
    sample_hz: Option<f64>,
}

impl Chosen {
    /// Reads the list; `None` where each frame is a row by itself.
    pub fn of(list: Option<&str>, line: &Line, check: &Check) -> Result<Option<Self>> {
        if *check.window == WindowSpec::Frame {
            return match list {
                None => Ok(None),
                Some(_) => Err(WrongAsk("a frame has one value of each input; leave the features out".into()).into()),
            };
        }
        let roles: Vec<String> = check.inputs.iter().map(|input| input.role.to_string()).collect();
        let items = read(list.unwrap_or(USUAL), &roles).map_err(WrongAsk)?;
        let band = items.iter().find(|(_, feature)| matches!(feature, Feature::BandEnergy { .. }));
        let cadence = band.and_then(|(i, _)| line.tag(check.inputs[*i].tag));
        let cadence = cadence.and_then(|tag| tag.source.cadence());
        let sample_hz = cadence.filter(|c| !c.is_zero()).map(|c| 1.0 / c.as_secs_f64());
        Ok(Some(Self { items, roles, sample_hz }))
    }

    /// Whether a band of this input is wanted.
    pub fn has_band(&self, role: &str) -> bool {
        self.items.iter().any(|(i, f)| self.roles[*i] == role && matches!(f, Feature::BandEnergy { .. }))
    }

    /// How they are computed.
    pub fn plan(&self, window: &WindowSpec) -> Result<FeaturePlan> {
        let sample_hz = match window {
            WindowSpec::Time { step, .. } => Some(1.0 / step.as_secs_f64()),
            _ => self.sample_hz,
        };
        FeaturePlan::new(self.items.clone(), sample_hz)
            .context("these features cannot be computed; change the features")
    }

    /// The columns of the rows, named after input and feature.
    pub fn columns(&self, inputs: &[Input]) -> Vec<Column> {
        let column = |(i, feature): &(usize, Feature)| {
            let unit = match feature {
                Feature::Mean | Feature::Std | Feature::Rms | Feature::Peak => inputs[*i].unit.clone(),
                _ => None,
            };
            Column::new(format!("{}.{}", self.roles[*i], word(*feature)), unit.unwrap_or_default())
        };
        self.items.iter().map(column).collect()
    }

    fn specs(&self) -> Vec<FeatureSpec> {
        self.items.iter().map(|(i, kind)| FeatureSpec { input: self.roles[*i].clone(), kind: *kind }).collect()
    }
}

/// What a model makes of a window, with made-up windows to test the package by.
pub(super) fn source(chosen: &Chosen, inputs: Vec<Input>, window: &WindowSpec, pool: &Pool) -> Result<Source> {
    let contract = pool.contract(window);
    let n_samples = contract.n_samples().map_or_else(|| pool.n_typical(), |n| n as usize);
    let mut plan = chosen.plan(window)?;
    let mut examples = Vec::new();
    for columns in made_up_windows(&pool.spreads(), n_samples) {
        let mut row = vec![0.0; plan.n_features()];
        plan.compute_f64(&columns, &mut row)?;
        examples.push((columns, row));
    }
    Ok(Source::Features { list: chosen.specs(), inputs, window: contract, examples })
}

fn read(list: &str, roles: &[String]) -> Result<Vec<(usize, Feature)>, String> {
    let mut items = Vec::new();
    for part in list.split(';').filter(|part| !part.trim().is_empty()) {
        let (input, words) =
            part.split_once(':').ok_or_else(|| format!("'{part}' names no features; write INPUT:mean,std"))?;
        let input = input.trim();
        let places: Vec<usize> = (0..roles.len()).filter(|i| input == "*" || roles[*i] == input).collect();
        if places.is_empty() {
            return Err(format!("the check has no input '{input}'; it has {}", roles.join(", ")));
        }
        let features = words.split(',').map(|text| feature(text.trim())).collect::<Result<Vec<_>, _>>()?;
        for item in places.iter().flat_map(|i| features.iter().map(|feature| (*i, *feature))) {
            if items.contains(&item) {
                return Err(format!("{} of {} stands there twice; name it once", word(item.1), roles[item.0]));
            }
            items.push(item);
        }
    }
    if items.is_empty() { Err("name at least one feature, such as force:mean,std".into()) } else { Ok(items) }
}

fn feature(text: &str) -> Result<Feature, String> {
    Ok(match text {
        "mean" => Feature::Mean,
        "std" => Feature::Std,
        "rms" => Feature::Rms,
        "peak" => Feature::Peak,
        "crest" => Feature::Crest,
        "kurtosis" => Feature::Kurtosis,
        "skewness" => Feature::Skewness,
        text => band(text).ok_or_else(|| {
            format!(
                "'{text}' is no feature; write mean, std, rms, peak, crest, kurtosis, skewness or band(10-100) in Hz"
            )
        })?,
    })
}

fn band(text: &str) -> Option<Feature> {
    let (low, high) = text.strip_prefix("band(")?.strip_suffix(')')?.split_once('-')?;
    Some(Feature::BandEnergy { low_hz: low.trim().parse().ok()?, high_hz: high.trim().parse().ok()? })
}

fn word(feature: Feature) -> String {
    match feature {
        Feature::Mean => "mean".into(),
        Feature::Std => "std".into(),
        Feature::Rms => "rms".into(),
        Feature::Peak => "peak".into(),
        Feature::Crest => "crest".into(),
        Feature::Kurtosis => "kurtosis".into(),
        Feature::Skewness => "skewness".into(),
        Feature::BandEnergy { low_hz, high_hz } => format!("band({low_hz}-{high_hz})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_input_by_input() {
        let roles = ["force".to_owned(), "shock".to_owned()];
        let cases = [
            ("force:mean, std;shock:rms", Ok(vec!["0 mean", "0 std", "1 rms"])),
            ("*:peak", Ok(vec!["0 peak", "1 peak"])),
            ("shock:band(10-100),band(100-200.5)", Ok(vec!["1 band(10-100)", "1 band(100-200.5)"])),
            ("oil:mean", Err("it has force, shock")),
            ("force", Err("INPUT:mean,std")),
            ("force:median", Err("'median' is no feature")),
            ("*:mean;force:mean", Err("twice")),
            ("", Err("at least one")),
        ];
        for (list, expected) in cases {
            let found = read(list, &roles);
            match (found, expected) {
                (Ok(items), Ok(expected)) => {
                    let shown: Vec<String> = items.iter().map(|(i, f)| format!("{i} {}", word(*f))).collect();
                    assert_eq!(shown, expected, "{list}");
                }
                (Err(why), Err(part)) => assert!(why.contains(part), "{list}: {why}"),
                (found, expected) => panic!("{list}: {found:?}, expected {expected:?}"),
            }
        }
    }
}
