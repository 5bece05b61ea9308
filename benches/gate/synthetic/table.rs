//! What the synthetic stage came to, as text and as JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};
use taster::analysis::Word;

use super::Amount;
use super::cells::Cell;
use super::goals::{self, Goal};

/// All that was tried, and what it is held against.
pub struct Outcome {
    amount: Amount,
    cells: Vec<Cell>,
    /// What must be reached.
    pub goals: Vec<Goal>,
}

impl Outcome {
    /// From the cells.
    pub fn new(amount: Amount, cells: Vec<Cell>) -> Self {
        let goals = goals::reached(&cells);
        Self { amount, cells, goals }
    }

    /// Every goal was tried and met.
    pub fn is_met(&self) -> bool {
        self.goals.iter().all(|goal| goal.is_met)
    }

    /// For a person: a block for each host and method, then the goals.
    pub fn text(&self) -> String {
        let mut text = format!(
            "Seed {}, {} trials a line, drawn from {} runs of {} s. Shares in percent, with \
             Wilson's 95 % interval.\n",
            self.amount.seed, self.amount.trials, self.amount.runs, self.amount.seconds
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

    fn goals(&self) -> String {
        let mut text = String::from("\nTo reach\n");
        for goal in &self.goals {
            let reached = goal.share.map_or(String::new(), |share| share.to_string());
            let Goal { what, must, .. } = goal;
            let _ = writeln!(text, "  {what:46}{must:18}{reached:22}{}", goal.word());
        }
        text
    }

    /// For a program.
    pub fn json(&self) -> Value {
        let cells: Vec<Value> = self.cells.iter().map(Cell::json).collect();
        let goals: Vec<Value> = self.goals.iter().map(Goal::json).collect();
        json!({
            "seed": self.amount.seed,
            "trials": self.amount.trials,
            "runs": self.amount.runs,
            "seconds": self.amount.seconds,
            "cells": cells,
            "to_reach": goals,
        })
    }
}
