"""The rest of T-SQL's functions: choices between values, and what the session knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.convert import convert
from recon.connectors.local.tsql.duck import (
    binary,
    case,
    cast,
    constant,
    equal,
    fail,
    fn,
    minus,
    num,
    plus,
    text,
)
from recon.connectors.local.tsql.expr import register, unified
from recon.connectors.local.tsql.functions import Call, function
from recon.connectors.local.tsql.message_text import filled
from recon.connectors.local.tsql.predicate import compared, predicate
from recon.connectors.local.tsql.scope import Typed
from recon.connectors.local.tsql.system import schema_id
from recon.sqlscript import tsql_types as types
from recon.sqlscript.tsql_types import Family

if TYPE_CHECKING:
    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.scope import Env

_NAME = types.varchar(128, national=True)


@function("ISNULL")
def _isnull(call: Call) -> Typed:
    """Has the type of its first argument: a replacement that is longer is cut.

    https://learn.microsoft.com/en-us/sql/t-sql/functions/isnull-transact-sql
    """
    call.arity(2)
    given, other = call.value(0), call.value(1)
    if given.type.family is Family.NULL:
        return other
    spare = convert(call.env, call.node, other, given.type)
    return Typed(fn("coalesce", given.tree, spare.tree), given.type)


@function("COALESCE")
def _coalesce(call: Call) -> Typed:
    """Has the type of highest precedence among its arguments."""
    call.arity(2, 255)
    made = unified(call.env, call.node, [call.value(i) for i in range(len(call.args))])
    return Typed(fn("coalesce", *(m.tree for m in made)), made[0].type)


@function("NULLIF")
def _nullif(call: Call) -> Typed:
    call.arity(2)
    given = call.value(0)
    same = compared(call.env, call.node, exp.EQ, given, call.value(1))
    return Typed(case((same, cast(exp.Null(), given.type)), default=given.tree), given.type)


@function("PARSENAME")
def _part_of_name(call: Call) -> Typed:
    """One of at most four parts between dots, counted from the right; NULL for an empty one, or for none.

    https://learn.microsoft.com/en-us/sql/t-sql/functions/parsename-transact-sql
    """
    call.arity(2)
    given, place = call.text(0).tree, call.integer(1).tree
    parts = fn("string_split", given, text("."))
    known = exp.Between(this=place, low=num(1), high=fn("least", fn("len", parts), num(4)))
    none = [exp.Not(this=known), binary(exp.GT, fn("len", parts), num(4))]
    none.append(fn("regexp_matches", given, text("[^.]{129}")))
    found = fn("nullif", fn("list_extract", parts, plus(minus(fn("len", parts), place), num(1))), text(""))
    quoted = fail(50000, "PARSENAME of a name with brackets or quotation marks is not supported by recon")
    branches = [(fn("regexp_matches", given, text('["\\[\\]]')), quoted)]
    branches += [(reason, exp.Null()) for reason in none]
    return Typed(case(*branches, default=found), _NAME)


@function("IIF")
def _iif(call: Call) -> Typed:
    call.arity(3)
    test = predicate(call.env, call.args[0])
    yes, no = unified(call.env, call.node, [call.value(1), call.value(2)])
    return Typed(case((test, yes.tree), default=no.tree), yes.type)


@function("CHOOSE")
def _choose(call: Call) -> Typed:
    call.arity(2, 255)
    index = call.integer(0).tree
    made = unified(call.env, call.node, [call.value(i) for i in range(1, len(call.args))])
    branches = [(equal(index, num(i + 1)), m.tree) for i, m in enumerate(made)]
    return Typed(case(*branches), made[0].type)


@function("GREATEST", "LEAST")
def _extreme(call: Call) -> Typed:
    """NULLs are passed over: https://learn.microsoft.com/en-us/sql/t-sql/functions/logical-functions-greatest"""
    call.arity(1, 255)
    made = unified(call.env, call.node, [call.value(i) for i in range(len(call.args))])
    if made[0].type.family is Family.TEXT:
        return call.env.refuse(call.node, f"{call.name} of text is not supported")
    return Typed(fn(call.name.lower(), *(m.tree for m in made)), made[0].type)


@function("NEWID", "NEWSEQUENTIALID")
def _newid(call: Call) -> Typed:
    call.arity(0)
    call.env.note(call.node, f"{call.name}() differs from run to run")
    return Typed(fn("upper", cast(fn("gen_random_uuid"), "VARCHAR")), types.GUID)


@function("OBJECT_ID")
def _object_id(call: Call) -> Typed:
    """A number when there is such an object, else NULL. `tempdb..#t` is the session's #t."""
    call.arity(1, 2)
    named = call.env.ctx.session.evaluate(call.text(0).tree)
    kind = call.env.ctx.session.evaluate(call.text(1).tree) if len(call.args) == 2 else ""
    number = call.env.ctx.session.object_id(str(named or ""), str(kind or ""))
    return Typed(constant(number, types.INT), types.INT)


@function("ERROR_MESSAGE", "ERROR_PROCEDURE")
def _error_text(call: Call) -> Typed:
    call.arity(0)
    error = call.env.ctx.session.error
    if call.name == "ERROR_MESSAGE" and error is not None and not error.exact:
        call.env.note(call.node, "the text of ERROR_MESSAGE() is recon's for this error, not Synapse's")
    found = (
        None if error is None else error.message if call.name == "ERROR_MESSAGE" else error.procedure or None
    )
    kind = types.varchar(4000, national=True)
    return Typed(constant(found, kind), kind)


@function("ERROR_NUMBER", "ERROR_LINE", "ERROR_SEVERITY", "ERROR_STATE", "XACT_STATE")
def _error_number(call: Call) -> Typed:
    call.arity(0)
    session = call.env.ctx.session
    if call.name == "XACT_STATE":
        return Typed(constant(session.xact_state, types.INT), types.INT)
    error = session.error
    if error is None:
        return Typed(constant(None, types.INT), types.INT)
    found = {
        "ERROR_NUMBER": error.number,
        "ERROR_LINE": error.line,
        "ERROR_SEVERITY": error.severity,
        "ERROR_STATE": error.state,
    }[call.name]
    return Typed(constant(found, types.INT), types.INT)


@function("ROWCOUNT_BIG")
def _rowcount_big(call: Call) -> Typed:
    """@@ROWCOUNT as bigint. https://learn.microsoft.com/en-us/sql/t-sql/functions/rowcount-big-transact-sql"""
    call.arity(0)
    return Typed(constant(call.env.ctx.session.rowcount, types.BIGINT), types.BIGINT)


@function("SCOPE_IDENTITY")
def _scope_identity(call: Call) -> Typed:
    call.arity(0)
    kind = types.decimal(38, 0)
    return Typed(constant(call.env.ctx.session.identity, kind), kind)


@function("OBJECT_NAME")
def _object_name(call: Call) -> Typed:
    """Only for @@PROCID, the procedure that is running."""
    call.arity(1)
    argument = call.args[0]
    if not (isinstance(argument, exp.Parameter) and argument.this.name.upper() == "PROCID"):
        return call.env.refuse(call.node, "OBJECT_NAME is supported for @@PROCID only")
    running = call.env.ctx.session.procedure
    return Typed(constant(running.rpartition(".")[2] or None, _NAME), _NAME)


@function("DB_NAME", "SUSER_SNAME", "SUSER_NAME", "USER_NAME", "HOST_NAME", "APP_NAME", "ORIGINAL_LOGIN")
def _session_name(call: Call) -> Typed:
    call.env.note(call.node, f"{call.name}() is a name of the server and user; here it is 'recon'")
    return Typed(text("recon"), _NAME)


@register(exp.CurrentUser, exp.SessionUser)
def _user(env: Env, node: Tree) -> Typed:
    env.note(node, "the current user is 'recon' here")
    return Typed(text("recon"), _NAME)


@function("SCHEMA_ID")
def _schema_id(call: Call) -> Typed:
    call.arity(0, 1)
    named = call.env.ctx.session.evaluate(call.text(0).tree) if call.args else "dbo"
    return Typed(constant(schema_id(call.env.ctx.catalog, str(named)), types.INT), types.INT)


@function("SCHEMA_NAME")
def _schema_name(call: Call) -> Typed:
    call.arity(0)
    return Typed(text("dbo"), _NAME)


@function("FORMATMESSAGE")
def _formatmessage(call: Call) -> Typed:
    """A message with its places filled; of constants and variables only.

    https://learn.microsoft.com/en-us/sql/t-sql/functions/formatmessage-transact-sql
    """
    given = [call.value(i) for i in range(len(call.args))]
    if not given or any(g.tree.find(exp.Column, exp.Select) is not None for g in given):
        call.env.refuse(call.node, "FORMATMESSAGE of columns is not supported; use CONCAT")
    if given[0].type.family is not Family.TEXT:
        call.env.refuse(
            call.node, "FORMATMESSAGE with a number looks up sys.messages, which is not supported"
        )
    message, *values = (call.env.ctx.session.evaluate(g.tree) for g in given)
    kind = types.varchar(2047, national=True)
    return Typed(constant(None if message is None else filled(str(message), values), kind), kind)
