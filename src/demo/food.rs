//! The words and sums of food: allergens, diets, goals, nutrients, and how a food serves a goal.

use serde::Serialize;

/// What people may be allergic to. The position of a word is its bit: append only.
pub(super) const ALLERGENS: [&str; 11] = [
    "gluten",
    "dairy",
    "eggs",
    "nuts",
    "peanuts",
    "soy",
    "fish",
    "shellfish",
    "sesame",
    "mustard",
    "celery",
];

/// What people may prefer. The position of a word is its bit: append only.
pub(super) const PREFERENCES: [&str; 5] =
    ["vegan", "vegetarian", "pescatarian", "low_carb", "high_protein"];

/// Who may eat it. The position is what the database has: a diet holds all before it.
pub(super) const DIETS: [&str; 4] = ["vegan", "vegetarian", "pescatarian", "omnivore"];

/// What people are after.
pub(super) const GOALS: [&str; 3] = ["mass", "cut", "maintain"];

/// The categories of products.
pub(super) const CATEGORIES: [&str; 13] = [
    "bakery",
    "dairy",
    "drinks",
    "fish",
    "fruit",
    "grains",
    "legumes",
    "meat",
    "nuts",
    "oils",
    "snacks",
    "supplements",
    "vegetables",
];

/// The types of products.
pub(super) const TYPES: [&str; 4] = ["ingredient", "ready", "drink", "supplement"];

/// The parts of the day that a plan fills.
pub(super) const SLOTS: [&str; 4] = ["breakfast", "lunch", "dinner", "snack"];

/// Words as bits.
pub(super) fn mask(all: &[&str], words: &[&str]) -> i64 {
    let bit = |word: &&str| all.iter().position(|known| known == word).map_or(0, |at| 1 << at);
    words.iter().map(bit).fold(0, |mask, bit: i64| mask | bit)
}

/// Bits as words.
pub(super) fn words(all: &[&'static str], mask: i64) -> Vec<&'static str> {
    let set = |(at, word): (usize, &&'static str)| (mask >> at & 1 == 1).then_some(*word);
    all.iter().enumerate().filter_map(set).collect()
}

/// The most that somebody with these preferences eats, as a position in `DIETS`.
pub(super) fn widest_diet(preferences: i64) -> i64 {
    let narrowest = DIETS.iter().position(|diet| preferences & mask(&PREFERENCES, &[diet]) != 0);
    narrowest.map_or(3, |position| position as i64)
}

/// Energy in kcal, masses in g.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(super) struct Nutrients {
    pub(super) calories: f64,
    pub(super) protein: f64,
    pub(super) fat: f64,
    pub(super) carbs: f64,
}

impl Nutrients {
    pub(super) fn scaled(self, factor: f64) -> Self {
        self.each(|value| value * factor)
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Nutrients {
            calories: self.calories + other.calories,
            protein: self.protein + other.protein,
            fat: self.fat + other.fat,
            carbs: self.carbs + other.carbs,
        }
    }

    pub(super) fn rounded(self) -> Self {
        self.each(round)
    }

    fn each(self, change: impl Fn(f64) -> f64) -> Self {
        Nutrients {
            calories: change(self.calories),
            protein: change(self.protein),
            fat: change(self.fat),
            carbs: change(self.carbs),
        }
    }
}

/// To one decimal. Adding 0 turns a negative zero into a plain one.
pub(super) fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0 + 0.0
}

/// How well 100 g of this serve each goal of `GOALS`, from 0 to 1.
pub(super) fn scores(per_100: Nutrients) -> [f64; 3] {
    let Nutrients { calories, protein, fat, carbs } = per_100;
    let energy = (protein * 4.0 + fat * 9.0 + carbs * 4.0).max(1.0);
    let share = |grams: f64, kcal: f64| grams * kcal / energy;
    let dense = (calories / 400.0).min(1.0);
    let mass = 0.6 * (protein / 30.0).min(1.0) + 0.4 * dense;
    let cut = 0.6 * (share(protein, 4.0) / 0.7).min(1.0) + 0.4 * (1.0 - dense);
    // Balanced food has about a quarter of its energy from protein and a third from fat.
    let away = (share(protein, 4.0) - 0.25).abs()
        + (share(fat, 9.0) - 0.30).abs()
        + (share(carbs, 4.0) - 0.45).abs();
    let maintain = 1.0 - (away / 1.5).min(1.0);
    [mass, cut, maintain].map(|score| (score.clamp(0.0, 1.0) * 1e4).round() / 1e4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_being_bits() {
        let chosen = ["dairy", "soy", "celery"];
        assert_eq!(words(&ALLERGENS, mask(&ALLERGENS, &chosen)), chosen);
        assert!(words(&ALLERGENS, 0).is_empty());
    }

    #[test]
    fn the_narrowest_preference_decides_the_diet() {
        assert_eq!(widest_diet(0), 3);
        assert_eq!(widest_diet(mask(&PREFERENCES, &["low_carb"])), 3);
        assert_eq!(widest_diet(mask(&PREFERENCES, &["pescatarian", "vegan"])), 0);
    }

    #[test]
    fn lean_protein_serves_a_cut_and_dense_food_serves_mass() {
        let lean = Nutrients { calories: 110.0, protein: 24.0, fat: 1.0, carbs: 0.0 };
        let dense = Nutrients { calories: 600.0, protein: 25.0, fat: 50.0, carbs: 15.0 };
        assert!(scores(lean)[1] > scores(dense)[1]);
        assert!(scores(dense)[0] > scores(lean)[0]);
        for score in scores(Nutrients::default()) {
            assert!((0.0..=1.0).contains(&score));
        }
    }
}
