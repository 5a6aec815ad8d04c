//! The script in the interpreter that Redis has too, over the model of Redis.

use crate::redis::Redis;
use mlua::{Function, Lua, MultiValue, Table, Value as LuaValue};
use procward::fleet::script::Value;
use std::cell::{Ref, RefCell, RefMut};
use std::rc::Rc;

/// A Redis with the script.
pub struct Interpreter {
    lua: Lua,
    script: Function,
    redis: Rc<RefCell<Redis>>,
}

impl Interpreter {
    /// Loads a script over an empty Redis.
    ///
    /// # Errors
    /// Fails if the script has a syntax error.
    pub fn new(source: &str) -> mlua::Result<Self> {
        let lua = Lua::new();
        let redis = Rc::new(RefCell::new(Redis::default()));
        let table = lua.create_table()?;
        let commands = Rc::clone(&redis);
        let call = lua.create_function(move |lua, words: MultiValue| {
            let words: Vec<_> = words.iter().map(word).collect::<mlua::Result<_>>()?;
            let words: Vec<_> = words.iter().map(Vec::as_slice).collect();
            let reply = commands.borrow_mut().call(&words).map_err(|text| explained(&words, &text))?;
            lua_value(lua, &reply)
        })?;
        table.set("call", call)?;
        lua.globals().set("redis", table)?;
        let script = lua.load(source).set_name("script.lua").into_function()?;
        Ok(Self { lua, script, redis })
    }

    /// Runs the script, as `EVAL` does.
    ///
    /// # Errors
    /// Fails if the script does.
    pub fn run(&self, keys: &[String], arguments: &[Vec<u8>]) -> mlua::Result<Value> {
        let arguments: Vec<_> = arguments.iter().map(|each| self.lua.create_string(each)).collect::<Result<_, _>>()?;
        self.lua.globals().set("KEYS", keys)?;
        self.lua.globals().set("ARGV", arguments)?;
        redis_value(&self.script.call::<LuaValue>(())?)
    }

    /// Returns the Redis.
    pub fn redis(&self) -> Ref<'_, Redis> {
        self.redis.borrow()
    }

    /// Returns the Redis, to change it.
    pub fn redis_mut(&self) -> RefMut<'_, Redis> {
        self.redis.borrow_mut()
    }
}

fn explained(words: &[&[u8]], text: &str) -> mlua::Error {
    let words: Vec<_> = words.iter().map(|word| String::from_utf8_lossy(word)).collect();
    mlua::Error::runtime(format!("{text} in {}", words.join(" ")))
}

/// Writes an argument as Redis does: numbers in at most 17 digits.
fn word(value: &LuaValue) -> mlua::Result<Vec<u8>> {
    match value {
        LuaValue::String(text) => Ok(text.as_bytes().to_vec()),
        LuaValue::Integer(number) => Ok(number.to_string().into_bytes()),
        // The script passes whole numbers below 2^53 alone.
        LuaValue::Number(number) if number.fract() == 0.0 => Ok(format!("{number:.0}").into_bytes()),
        other => Err(mlua::Error::runtime(format!("redis.call cannot take {other:?}"))),
    }
}

fn lua_value(lua: &Lua, value: &Value) -> mlua::Result<LuaValue> {
    Ok(match value {
        Value::Nil => LuaValue::Boolean(false),
        #[allow(clippy::cast_precision_loss, reason = "so does Redis")]
        Value::Integer(number) => LuaValue::Number(*number as f64),
        Value::Bytes(text) => LuaValue::String(lua.create_string(text)?),
        Value::Array(values) => {
            let table = lua.create_table_with_capacity(values.len(), 0)?;
            for (index, value) in values.iter().enumerate() {
                table.raw_set(index + 1, lua_value(lua, value)?)?;
            }
            LuaValue::Table(table)
        }
    })
}

fn redis_value(value: &LuaValue) -> mlua::Result<Value> {
    Ok(match value {
        LuaValue::Nil | LuaValue::Boolean(false) => Value::Nil,
        LuaValue::Boolean(true) => Value::Integer(1),
        LuaValue::Integer(number) => Value::Integer(*number),
        #[allow(clippy::cast_possible_truncation, reason = "so does Redis")]
        LuaValue::Number(number) => Value::Integer(*number as i64),
        LuaValue::String(text) => Value::Bytes(text.as_bytes().to_vec()),
        LuaValue::Table(table) => Value::Array(items(table)?),
        other => return Err(mlua::Error::runtime(format!("a script cannot return {other:?}"))),
    })
}

fn items(table: &Table) -> mlua::Result<Vec<Value>> {
    table.sequence_values::<LuaValue>().map(|value| redis_value(&value?)).collect()
}
