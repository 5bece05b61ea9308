//! What the synthetic stage came to, as text and as JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};
use taster::analysis::Word;

use super::Amount;
use super::cells::Cell;
use super::goals::{self, Goal};

/// All that was tried, and what it is held against.
pub struct Outcome {
    /// Of each seed.
    amounts: Vec<Amount>,
    /// Of all seeds together.
    cells: Vec<Cell>,
    /// What must be reached.
    pub goals: Vec<Goal>,
}

impl Outcome {
    /// From the cells.
    pub fn new(amount: Amount, cells: Vec<Cell>) -> Self {
        let goals = goals::reached(&cells);
        Self { amounts: vec![amount], cells, goals }
    }

    /// With what another seed came to. What only one of them tried stays as it is.
    pub fn and(mut self, other: Self) -> Self {
        for cell in &mut self.cells {
            let same = other.cells.iter().find(|one| one.is_of(cell));
            same.into_iter().for_each(|same| cell.join(same));
        }
        let seeds = self.goals.into_iter().zip(other.goals);
        let seeds = seeds.map(|(known, more)| [known.seeds, more.seeds].concat());
        self.goals = goals::reached(&self.cells);
        self.goals.iter_mut().zip(seeds).for_each(|(goal, seeds)| goal.seeds = seeds);
        self.amounts.extend(other.amounts);
        self
    }

    /// Every goal was tried and met.
    pub fn is_met(&self) -> bool {
        self.goals.iter().all(|goal| goal.is_met)
    }

    /// For a person: a block for each host and method, then the goals.
    pub fn text(&self) -> String {
        let Amount { trials, runs, seconds, .. } = self.amounts[0];
        let mut text = format!(
            "Seeds {}; of each {trials} trials a line, drawn from {runs} runs of {seconds} s. Shares \
             in percent, with Wilson's 95 % interval.\n",
            self.seeds().map(|seed| seed.to_string()).collect::<Vec<_>>().join(", "),
        );
        let mut block = None;
        for cell in &self.cells {
            let of = (cell.host, cell.method.as_str(), cell.metric);
            if block != Some(of) {
                block = Some(of);
                let _ = writeln!(text, "\n{}, {}, {}", cell.host, cell.method, cell.metric);
                let _ = writeln!(text, "  {:24}{:20}{:20}INCONCLUSIVE", "", "FAIL", "PASS");
            }
            let share = |word| cell.count.share(word).to_string();
            let (fail, pass) = (share(Word::Fail), share(Word::Pass));
            let undecided = share(Word::Inconclusive);
            let taken = cell.restarts.map_or(String::new(), |mean| format!("  after {mean:.1}"));
            let line = format!("{fail:20}{pass:20}{undecided:20}{taken}");
            let _ = writeln!(text, "  {:24}{}", cell.change, line.trim_end());
        }
        text + &self.goals()
    }

    fn seeds(&self) -> impl Iterator<Item = u64> {
        self.amounts.iter().map(|amount| amount.seed)
    }

    fn goals(&self) -> String {
        let mut text =
            String::from("\nTo reach, by all seeds together, and the seeds by themselves\n");
        for goal in &self.goals {
            let reached = goal.share.map_or(String::new(), |share| share.to_string());
            let Goal { what, must, .. } = goal;
            let (word, seeds) = (goal.word(), goal.range());
            let _ = writeln!(text, "  {what:48}{must:18}{reached:22}{seeds:16}{word}");
        }
        text
    }

    /// For a program.
    pub fn json(&self) -> Value {
        let cells: Vec<Value> = self.cells.iter().map(Cell::json).collect();
        let goals: Vec<Value> = self.goals.iter().map(Goal::json).collect();
        json!({
            "seeds": self.seeds().collect::<Vec<_>>(),
            "trials": self.amounts[0].trials,
            "runs": self.amounts[0].runs,
            "seconds": self.amounts[0].seconds,
            "cells": cells,
            "to_reach": goals,
        })
    }
}
