//! From the parser's tree to ours.

use std::ops::Range;
use std::sync::Arc;

use oxc_allocator::Allocator;
use oxc_ast::ast;
use oxc_parser::Parser;
use oxc_span::{GetSpan, SourceType, Span};

use super::{Does, Expr, Function, Kind, Part, Statement};
use crate::diagnostic::{Diagnostic, Diagnostics, Place, SourceFile};

/// Deeper nesting is no test that somebody wrote.
const DEEPEST: usize = 2_000;

/// Reads a script; TypeScript is a superset, so that its grammar does for both.
///
/// # Errors
/// When it cannot be read, with the place.
pub fn parse(file: &Arc<SourceFile>) -> Result<Vec<Statement>, Diagnostics> {
    // The parser recurses: what would exhaust the stack is refused before.
    if let Some(at) = too_deep(&file.text) {
        return Err(wrong(file, at..at + 1, "the script is nested too deep"));
    }
    let arena = Allocator::default();
    let kind = SourceType::ts().with_module(true);
    let read = Parser::new(&arena, &file.text, kind).parse();
    if let Some(first) = read.diagnostics.first() {
        let label = first.labels.first();
        let span = label.map_or(0..0, |label| {
            label.offset() as usize..label.offset() as usize + label.len() as usize
        });
        return Err(wrong(file, span, &first.message));
    }
    Ok(read.program.body.iter().map(statement).collect())
}

fn wrong(file: &Arc<SourceFile>, at: Range<usize>, why: &str) -> Diagnostics {
    let problem = format!("the script cannot be read: {}", why.trim_end_matches('.'));
    Diagnostic::error("script-syntax", problem, &Place::new(file, at), "here")
        .help("run it with its own tool first; TypeScript is read, JSX is not")
        .into()
}

fn too_deep(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    text.bytes().position(|byte| {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > DEEPEST
    })
}

fn range(span: Span) -> Range<usize> {
    span.start as usize..span.end as usize
}

fn statement(from: &ast::Statement<'_>) -> Statement {
    use ast::Statement as S;
    let does = match from {
        S::ExpressionStatement(one) => Does::Do(expr(&one.expression)),
        S::ReturnStatement(one) => match &one.argument {
            Some(value) => Does::Return(expr(value)),
            None => Does::Nothing,
        },
        S::BlockStatement(block) => Does::Block(block.body.iter().map(statement).collect()),
        S::EmptyStatement(_)
        | S::TSTypeAliasDeclaration(_)
        | S::TSInterfaceDeclaration(_)
        | S::ExportNamedDeclaration(_) => Does::Nothing,
        S::VariableDeclaration(declared) => variables(declared),
        S::FunctionDeclaration(function) => named(function),
        S::ImportDeclaration(import) => Does::Import(import.source.value.to_string()),
        S::ExportDeclaration(export) => match &export.declaration {
            ast::Declaration::VariableDeclaration(declared) => variables(declared),
            ast::Declaration::FunctionDeclaration(function) => named(function),
            ast::Declaration::TSTypeAliasDeclaration(_)
            | ast::Declaration::TSInterfaceDeclaration(_) => Does::Nothing,
            _ => Does::Other,
        },
        S::ExportDefaultDeclaration(export) => match &export.declaration {
            ast::ExportDefaultDeclarationKind::FunctionDeclaration(one) => {
                Does::Default(function(one))
            }
            other => match other.as_expression().map(expr) {
                Some(Expr { kind: Kind::Function(function), .. }) => Does::Default(function),
                Some(other) => Does::Do(other),
                None => Does::Other,
            },
        },
        _ => Does::Other,
    };
    Statement { at: range(from.span()), does }
}

/// Several variables at once are several statements.
fn variables(declared: &ast::VariableDeclaration<'_>) -> Does {
    let mut all: Vec<Statement> = declared
        .declarations
        .iter()
        .filter_map(|one| {
            let does = Does::Let(names(&one.id), expr(one.init.as_ref()?));
            Some(Statement { at: range(one.span), does })
        })
        .collect();
    match (all.pop(), all.is_empty()) {
        (Some(only), true) => only.does,
        (Some(last), false) => {
            all.push(last);
            Does::Block(all)
        }
        (None, _) => Does::Nothing,
    }
}

fn named(from: &ast::Function<'_>) -> Does {
    match &from.id {
        Some(id) => Does::Declare(id.name.to_string(), function(from)),
        None => Does::Other,
    }
}

/// The names that a pattern binds, each with the key that it takes.
fn names(pattern: &ast::BindingPattern<'_>) -> Vec<(String, Option<String>)> {
    use ast::BindingPattern as P;
    match pattern {
        P::BindingIdentifier(id) => vec![(id.name.to_string(), None)],
        P::AssignmentPattern(inner) => names(&inner.left),
        P::ObjectPattern(object) => {
            let part = |one: &ast::BindingProperty<'_>| {
                let key = one.key.static_name()?.into_owned();
                let (name, _) = names(&one.value).into_iter().next()?;
                Some((name, Some(key)))
            };
            object.properties.iter().filter_map(part).collect()
        }
        P::ArrayPattern(_) => Vec::new(),
    }
}

fn parameters(from: &ast::FormalParameters<'_>) -> Vec<Vec<String>> {
    let of = |one: &ast::FormalParameter<'_>| {
        names(&one.pattern).into_iter().map(|(name, _)| name).collect()
    };
    from.items.iter().map(of).collect()
}

fn function(from: &ast::Function<'_>) -> Function {
    let body = from.body.iter().flat_map(|body| body.statements.iter()).map(statement).collect();
    Function { parameters: parameters(&from.params), body }
}

fn arrow(from: &ast::ArrowFunctionExpression<'_>) -> Function {
    let body = match &from.body {
        ast::ArrowFunctionBody::FunctionBody(body) => {
            body.statements.iter().map(statement).collect()
        }
        other => {
            let value = other.as_expression().map(expr);
            let one = |value: Expr| Statement { at: value.at.clone(), does: Does::Return(value) };
            value.into_iter().map(one).collect()
        }
    };
    Function { parameters: parameters(&from.params), body }
}

fn boxed(from: &ast::Expression<'_>) -> Box<Expr> {
    Box::new(expr(from))
}

fn call(callee: &ast::Expression<'_>, arguments: &[ast::Argument<'_>]) -> Kind {
    let other = |one: &ast::Argument<'_>| Expr { at: range(one.span()), kind: Kind::Other };
    let one = |one: &ast::Argument<'_>| one.as_expression().map_or_else(|| other(one), expr);
    Kind::Call(boxed(callee), arguments.iter().map(one).collect())
}

fn expr(from: &ast::Expression<'_>) -> Expr {
    use ast::Expression as E;
    let kind = match from {
        E::StringLiteral(text) => Kind::Text(text.value.to_string()),
        E::NumericLiteral(number) => Kind::Number(number.value),
        E::BooleanLiteral(value) => Kind::Bool(value.value),
        E::NullLiteral(_) => Kind::Nothing,
        E::Identifier(id) if id.name == "undefined" => Kind::Nothing,
        E::Identifier(id) => Kind::Name(id.name.to_string()),
        E::RegExpLiteral(regex) => {
            let (pattern, flags) = (&regex.regex.pattern.text, regex.regex.flags);
            Kind::Regex(pattern.to_string(), flags.to_string())
        }
        E::TemplateLiteral(template) => parts(template),
        E::StaticMemberExpression(member) => {
            Kind::Member(boxed(&member.object), member.property.name.to_string())
        }
        E::ComputedMemberExpression(member) => {
            Kind::Index(boxed(&member.object), boxed(&member.expression))
        }
        E::CallExpression(one) => call(&one.callee, &one.arguments),
        E::NewExpression(one) => call(&one.callee, &one.arguments),
        E::ObjectExpression(object) => entries(object),
        E::ArrayExpression(list) => {
            let other = |one: &ast::ArrayExpressionElement<'_>| Expr {
                at: range(one.span()),
                kind: Kind::Other,
            };
            let item = |one: &ast::ArrayExpressionElement<'_>| {
                one.as_expression().map_or_else(|| other(one), expr)
            };
            Kind::List(list.elements.iter().map(item).collect())
        }
        E::ArrowFunctionExpression(one) => Kind::Function(arrow(one)),
        E::FunctionExpression(one) => Kind::Function(function(one)),
        E::BinaryExpression(one) => {
            Kind::Binary(one.operator.as_str(), boxed(&one.left), boxed(&one.right))
        }
        E::LogicalExpression(one) => {
            Kind::Binary(one.operator.as_str(), boxed(&one.left), boxed(&one.right))
        }
        E::UnaryExpression(one) => match (one.operator.as_str(), expr(&one.argument)) {
            ("!", inner) => Kind::Not(Box::new(inner)),
            ("-", Expr { kind: Kind::Number(number), .. }) => Kind::Number(-number),
            _ => Kind::Other,
        },
        E::AwaitExpression(one) => return expr(&one.argument),
        E::ParenthesizedExpression(one) => return expr(&one.expression),
        E::TSAsExpression(one) => return expr(&one.expression),
        E::TSSatisfiesExpression(one) => return expr(&one.expression),
        E::TSNonNullExpression(one) => return expr(&one.expression),
        E::ChainExpression(one) => chain(&one.expression),
        _ => Kind::Other,
    };
    Expr { at: range(from.span()), kind }
}

/// `a?.b` is read like `a.b`.
fn chain(from: &ast::ChainElement<'_>) -> Kind {
    use ast::ChainElement as C;
    match from {
        C::CallExpression(one) => call(&one.callee, &one.arguments),
        C::TSNonNullExpression(one) => expr(&one.expression).kind,
        C::StaticMemberExpression(member) => {
            Kind::Member(boxed(&member.object), member.property.name.to_string())
        }
        C::ComputedMemberExpression(member) => {
            Kind::Index(boxed(&member.object), boxed(&member.expression))
        }
        C::PrivateFieldExpression(_) => Kind::Other,
    }
}

fn parts(template: &ast::TemplateLiteral<'_>) -> Kind {
    let mut all = Vec::new();
    for (at, text) in template.quasis.iter().enumerate() {
        let cooked = text.value.cooked.as_ref().unwrap_or(&text.value.raw);
        if !cooked.is_empty() {
            all.push(Part::Text(cooked.to_string()));
        }
        all.extend(template.expressions.get(at).map(|value| Part::Value(expr(value))));
    }
    Kind::Parts(all)
}

fn entries(object: &ast::ObjectExpression<'_>) -> Kind {
    let one = |property: &ast::ObjectPropertyKind<'_>| match property {
        ast::ObjectPropertyKind::ObjectProperty(one) => {
            Some((one.key.static_name()?.into_owned(), expr(&one.value)))
        }
        // A name that nobody writes stands for it, so that it is told and not lost.
        ast::ObjectPropertyKind::SpreadProperty(one) => {
            Some(("...".to_string(), Expr { at: range(one.span), kind: Kind::Other }))
        }
    };
    Kind::Object(object.properties.iter().filter_map(one).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Statement>, String> {
        parse(&SourceFile::new("x.js", text)).map_err(|problems| problems.to_string())
    }

    #[test]
    fn a_script_is_read_with_its_types_and_chains() {
        let text = "import http from 'k6/http';\nexport const a: string = `x${b?.c}`;\n\
                    export default async function ({ page }) { await page.goto('/x' as string); }";
        let all = read(text).expect("it is a script");
        assert_eq!(all[0].does, Does::Import("k6/http".to_string()));
        let Does::Let(names, Expr { kind: Kind::Parts(parts), .. }) = &all[1].does else {
            panic!("{:?}", all[1]);
        };
        assert_eq!((names[0].0.as_str(), parts.len()), ("a", 2));
        let Does::Default(function) = &all[2].does else { panic!("{:?}", all[2]) };
        assert_eq!(function.parameters, [["page"]]);
        let Does::Do(call) = &function.body[0].does else { panic!("{:?}", function.body) };
        let (of, method, arguments) = call.method().expect("a call of a method");
        assert_eq!((of.name(), method, arguments.len()), (Some("page"), "goto", 1));
        assert_eq!(arguments[0].kind, Kind::Text("/x".to_string()));
    }

    #[test]
    fn what_is_no_script_is_told_with_its_place() {
        let told = read("const a = 1;\nexport default function ( {\n").expect_err("it is open");
        assert!(told.contains("error[script-syntax]") && told.contains("x.js:"), "{told}");
        let deep = "(".repeat(100_000);
        assert!(read(&deep).expect_err("it is deep").contains("nested too deep"));
    }
}
