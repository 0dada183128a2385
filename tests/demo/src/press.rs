//! The simulated press: pure and seeded. Time comes in, registers and vibration come out.
//!
//! Every stroke takes [`STROKE_MS`] and makes one part; the part counter rises when the stroke ends.
//! Between runs the press stands still, and only there it changes the product: a run begins and ends
//! with [`RUN_UP_MS`] in which the mode is on but the ram rests at the top. Tool and oil drift slowly.
//! The simulation knows the truth about each part, so the demo can say what the gateway found and
//! what it missed.

/// Length of a stroke.
pub(crate) const STROKE_MS: u64 = 600;
/// From the mode's rise to the first stroke, and from the last stroke to the mode's fall.
pub(crate) const RUN_UP_MS: u64 = 100;
/// The two products and their nominal peak force in kN.
const PRODUCTS: [(u16, f64); 2] = [(17, 1_200.0), (18, 1_750.0)];
/// The thermostat holds the oil at this temperature in °C …
const OIL_C: f64 = 46.0;
/// … and lets it swing by so much …
const OIL_SWING_C: f64 = 1.0;
/// … in this time.
const OIL_PERIOD_MS: u64 = 30_000;
/// The tool wears over so many parts, then it is ground again …
const GRIND_EVERY: u32 = 40;
/// … which has changed the force by this share.
const WEAR: f64 = 0.01;
/// One part in so many carries a fault, once faults are allowed.
const FAULT_EVERY: u64 = 16;

/// What is wrong with a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The sheet is too thick: the force is 9 % too high.
    ThickSheet,
    /// No slug under the tool: half of the force is missing.
    MissingSlug,
    /// The guide is worn: the vibration is doubled.
    WornGuide,
}

impl Fault {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::ThickSheet => "sheet too thick, force 9 % high",
            Self::MissingSlug => "no slug under the tool, half of the force missing",
            Self::WornGuide => "worn guide, vibration doubled",
        }
    }
}

/// What the press is told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Make good parts of a product.
    Good { product: u16 },
    /// Make parts of a product, some with faults.
    Mixed { product: u16 },
    /// Stand still.
    Idle,
}

impl Order {
    fn product(self) -> Option<u16> {
        match self {
            Self::Good { product } | Self::Mixed { product } => Some(product),
            Self::Idle => None,
        }
    }
}

/// What the PLC's registers and the vibration sensor show at one instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shown {
    /// 1 in production, 0 idle.
    pub(crate) mode: u16,
    /// Which product the tool is for.
    pub(crate) product: u16,
    /// The number of the last finished part.
    pub(crate) part: u32,
    /// Ram force in kN.
    pub(crate) force_kn: f32,
    /// Ram position in mm above the lower end.
    pub(crate) position_mm: f32,
    /// Oil temperature in °C.
    pub(crate) oil_c: f32,
    /// Vibration in mm/s: root mean square and peak.
    pub(crate) vibration: (f64, f64),
}

/// A part that is finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    /// Its number.
    pub(crate) number: u32,
    /// Which product it is.
    pub(crate) product: u16,
    /// Its fault, where it has one.
    pub(crate) fault: Option<Fault>,
}

/// The press.
pub(crate) struct Press {
    /// Decides which parts are faulty, and nothing else: so the story does not hang on the beats of the clock.
    fate: Dice,
    /// Everything else that is uneven.
    noise: Dice,
    order: Order,
    product: u16,
    part: u32,
    clock_ms: u64,
    motion: Motion,
    now: Stroke,
}

/// What the ram does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Motion {
    Still,
    RunUp { ms: u64 },
    Stroke { ms: u64 },
    RunOut { ms: u64 },
}

/// What is special about the running stroke.
#[derive(Clone, Copy)]
struct Stroke {
    force: f64,
    dwell: f64,
    vibration: f64,
    fault: Option<Fault>,
}

impl Press {
    /// A press at rest whose parts begin after `last_part`.
    pub(crate) fn new(seed: u64, last_part: u32) -> Self {
        let now = Stroke { force: 1.0, dwell: 1.0, vibration: 1.0, fault: None };
        let (order, motion) = (Order::Idle, Motion::Still);
        Self {
            fate: Dice::new(seed),
            noise: Dice::new(!seed),
            order,
            product: 17,
            part: last_part,
            clock_ms: 0,
            motion,
            now,
        }
    }

    /// Takes an order. A running press finishes its stroke first, and stands still before another product.
    pub(crate) fn order(&mut self, order: Order) {
        self.order = order;
    }

    /// Lets `ms` pass, at most a stroke; the part that was finished in it, if one was.
    pub(crate) fn pass(&mut self, ms: u64) -> Option<Part> {
        self.clock_ms += ms;
        match self.motion {
            Motion::Still => {
                if let Some(product) = self.order.product() {
                    self.product = product;
                    self.motion = Motion::RunUp { ms: 0 };
                }
                None
            }
            Motion::RunUp { ms: before } => {
                self.motion = Motion::RunUp { ms: before + ms };
                if before + ms >= RUN_UP_MS {
                    self.begin_stroke(before + ms - RUN_UP_MS);
                }
                None
            }
            Motion::Stroke { ms: before } if before + ms < STROKE_MS => {
                self.motion = Motion::Stroke { ms: before + ms };
                None
            }
            Motion::Stroke { ms: before } => Some(self.end_stroke(before + ms - STROKE_MS)),
            Motion::RunOut { ms: before } => {
                let is_over = before + ms >= RUN_UP_MS;
                self.motion = if is_over { Motion::Still } else { Motion::RunOut { ms: before + ms } };
                None
            }
        }
    }

    /// What is to be seen now.
    pub(crate) fn shown(&mut self) -> Shown {
        let running = self.motion != Motion::Still;
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of one stroke")]
        let phase = if let Motion::Stroke { ms } = self.motion { ms as f64 / STROKE_MS as f64 } else { 0.0 };
        let peak = PRODUCTS.iter().find(|(p, _)| *p == self.product).map_or(0.0, |(_, kn)| *kn);
        let work = working(phase, self.now.dwell);
        let force = if running { peak * self.now.force * work + 6.0 + self.noise.normal() * 2.0 } else { 0.4 };
        let shake = if running { (0.8 + 5.2 * work) * self.now.vibration } else { 0.06 };
        let rms = (shake * (1.0 + 0.03 * self.noise.normal())).max(0.01);
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of one period")]
        let swing = (self.clock_ms % OIL_PERIOD_MS) as f64 / OIL_PERIOD_MS as f64;
        let oil_c = OIL_C + OIL_SWING_C * (std::f64::consts::TAU * swing).sin() + 0.05 * self.noise.normal();
        #[expect(clippy::cast_possible_truncation, reason = "the PLC keeps 32-bit floats")]
        Shown {
            mode: u16::from(running),
            product: self.product,
            part: self.part,
            force_kn: force as f32,
            position_mm: (120.0 * (1.0 + (std::f64::consts::TAU * phase).cos()) / 2.0) as f32,
            oil_c: oil_c as f32,
            vibration: (rms, rms * (2.8 + 0.1 * self.noise.normal())),
        }
    }

    fn begin_stroke(&mut self, ms: u64) {
        self.now = self.next_stroke();
        self.motion = Motion::Stroke { ms };
    }

    fn end_stroke(&mut self, ms: u64) -> Part {
        self.part += 1;
        let done = Part { number: self.part, product: self.product, fault: self.now.fault };
        if self.order.product() == Some(self.product) {
            self.begin_stroke(ms);
        } else {
            self.motion = Motion::RunOut { ms };
        }
        done
    }

    fn next_stroke(&mut self) -> Stroke {
        let fault = match self.order {
            Order::Mixed { .. } if self.fate.below(FAULT_EVERY) == 0 => {
                Some([Fault::ThickSheet, Fault::MissingSlug, Fault::WornGuide][self.fate.below(3) as usize])
            }
            _ => None,
        };
        let worn = f64::from(self.part % GRIND_EVERY) / f64::from(GRIND_EVERY);
        let force = 1.0 + WEAR * (worn - 0.5) + 0.006 * self.noise.normal();
        let dwell = 1.0 + 0.03 * self.noise.normal();
        let vibration = 1.0 + 0.03 * self.noise.normal();
        match fault {
            Some(Fault::ThickSheet) => Stroke { force: force * 1.09, dwell, vibration, fault },
            Some(Fault::MissingSlug) => Stroke { force: force * 0.5, dwell, vibration: vibration * 0.8, fault },
            Some(Fault::WornGuide) => Stroke { force, dwell, vibration: vibration * 2.0, fault },
            None => Stroke { force, dwell, vibration, fault },
        }
    }
}

/// The share of the peak force at a phase of the stroke: a drawing press rises, holds, and lets go.
fn working(phase: f64, dwell: f64) -> f64 {
    const BEGIN: f64 = 0.2;
    const RAMP: f64 = 0.08;
    const HOLD: f64 = 0.44;
    let up = (phase - BEGIN) / RAMP;
    let down = (BEGIN + 2.0 * RAMP + HOLD * dwell - phase) / RAMP;
    let share = up.min(down).clamp(0.0, 1.0);
    (std::f64::consts::FRAC_PI_2 * share).sin().powi(2)
}

/// A small seeded generator (xorshift64*): the demo must play the same story for the same seed.
struct Dice(u64);

impl Dice {
    /// Stirred first, because seeds are small numbers that look alike.
    fn new(seed: u64) -> Self {
        let mut dice = Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        for _ in 0..16 {
            dice.next();
        }
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, n: u64) -> u64 {
        (self.next() >> 33) % n
    }

    fn unit(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
        let v = (self.next() >> 11) as f64;
        v / 9_007_199_254_740_992.0
    }

    /// Standard normal, by the sum of twelve uniforms; its tails end at 6, which spares the demo's
    /// good parts the impossible.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn story(seed: u64) -> Vec<Part> {
        let mut press = Press::new(seed, 0);
        press.order(Order::Mixed { product: 17 });
        (0..60_000).filter_map(|_| press.pass(10)).collect()
    }

    #[test]
    fn the_same_seed_tells_the_same_story() {
        assert_eq!(story(7), story(7));
        assert_ne!(story(7), story(8));
    }

    #[test]
    fn the_story_does_not_hang_on_the_beats() {
        let faults = |beat: u64| {
            let mut press = Press::new(7, 0);
            press.order(Order::Mixed { product: 17 });
            let parts = (0..120_000 / beat).filter_map(|_| {
                press.shown();
                press.pass(beat)
            });
            parts.map(|part| part.fault).take(150).collect::<Vec<_>>()
        };
        assert_eq!(faults(5), faults(10));
    }

    #[test]
    fn parts_are_numbered_without_gap_and_some_are_faulty() {
        let parts = story(7);
        assert_eq!(parts.len(), 999, "600 s are 1,000 strokes less a run-up");
        assert!(parts.iter().zip(1..).all(|(part, n)| part.number == n));
        let n_faulty = parts.iter().filter(|p| p.fault.is_some()).count();
        assert!((35..95).contains(&n_faulty), "{n_faulty} faulty of 999");
    }

    #[test]
    fn an_idle_press_makes_nothing_and_says_so() {
        let mut press = Press::new(1, 41);
        assert!((0..1_000).all(|_| press.pass(10).is_none()));
        let shown = press.shown();
        assert_eq!((shown.mode, shown.part), (0, 41));
        assert!(shown.force_kn < 1.0);
    }

    #[test]
    fn a_press_finishes_its_stroke_and_stands_still_before_another_product() {
        let mut press = Press::new(1, 0);
        press.order(Order::Good { product: 17 });
        let mut seen = Vec::new();
        for ms in 0..3_000 {
            if ms == 300 {
                press.order(Order::Good { product: 18 });
            }
            press.pass(1);
            let shown = press.shown();
            let now = (shown.mode, shown.product, shown.part);
            if seen.last() != Some(&now) {
                seen.push(now);
            }
        }
        let expected = [(1, 17, 0), (1, 17, 1), (0, 17, 1), (1, 18, 1), (1, 18, 2), (1, 18, 3), (1, 18, 4)];
        assert_eq!(seen, expected, "mode, product, part");
    }
}
