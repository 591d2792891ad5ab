//! What the line's own meters say, in the text form of Prometheus.

/// Samples of all instances.
pub struct Meter<'a>(Vec<(&'a str, f64)>);

impl<'a> Meter<'a> {
    /// Reads `name{labels} value` lines; everything else is left out.
    pub fn read(text: &'a str) -> Self {
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        Self(
            samples
                .filter_map(|line| line.rsplit_once(' ').and_then(|(name, v)| Some((name, v.parse().ok()?))))
                .collect(),
        )
    }

    /// Model calls that run or wait to run.
    pub fn running_calls(&self) -> u64 {
        self.busy("step=\"call\"")
    }

    /// Sends that run or wait to run.
    pub fn running_sends(&self) -> u64 {
        self.busy("step=\"deliver\"")
    }

    fn busy(&self, step: &str) -> u64 {
        self.sum("huiyin_pipeline_calls_running_count", step)
            + self.sum("huiyin_pipeline_calls_queued_count", step)
    }

    /// Sum of the samples of a metric that have a label.
    pub fn sum(&self, metric: &str, label: &str) -> u64 {
        let is_it = |name: &str| {
            name.strip_prefix(metric).is_some_and(|labels| labels.starts_with('{') && labels.contains(label))
        };
        self.0.iter().filter(|(name, _)| is_it(name)).map(|(_, value)| value.max(0.0).round() as u64).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::Meter;

    #[test]
    fn samples_are_added_by_metric_and_label() {
        let text = "# HELP x y\nhuiyin_pipeline_calls_running_count{step=\"call\"} 2\n\
                    huiyin_pipeline_calls_running_count{step=\"deliver\"} 1\n\
                    huiyin_pipeline_calls_queued_count{step=\"call\"} 3\n\
                    huiyin_pipeline_calls_running_count_too{step=\"call\"} 9";
        let meter = Meter::read(text);
        assert_eq!((meter.running_calls(), meter.running_sends()), (5, 1));
    }
}
