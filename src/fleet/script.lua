-- The limit of a fleet. Redis executes one call as one step.
--
-- A call asks for slots, waits in the order of tickets, holds slots, and is released. The lowest ticket among the
-- servers that may start a call goes first. A process has one lease for all its calls; without the lease they end.
--
-- KEYS
--   conf       hash: epoch, grace (end, ms), fence and ticket (the last ones), version and limit (in force)
--   limits     hash: lSERVER -> limit, rSERVER -> starts/interval in us, t -> the limits as they came
--   use        hash: t -> slots in use, sSERVER -> slots in use
--   queue      sorted by name: SERVER \0 TICKET COST ID
--   calls      hash: ID -> KIND COST NUMBER SERVER; kinds: W waits (number: ticket), H holds (number: fence),
--              U holds, and was not sent to its rated server yet
--   waits      sorted by name: the IDs of waiters
--   held       sorted by name: the IDs of holders
--   ready      sorted by ticket: the servers whose first waiter may start as far as the server goes
--   timed      sorted by time in ms: the servers to look at again
--   pauses     sorted by time in ms: the servers with a pause
--   processes  sorted by the end of the lease in ms
--   rates      sorted by name: SERVER \0 MICROSECONDS \0 ID of calls that count; ~ for the time of one not sent yet
--   infos      hash: PROCESS -> its name for people
-- An ID is PROCESS:NUMBER, so that the calls of a process stand side by side.
--
-- ARGV: command, process, lease in ms, and what the command needs (src/fleet/script/command.rs).
-- Reply: known, epoch, version, wake in ms or -1, grace in ms, processes, grants, detail (answer.rs).

local CONF, LIMITS, USE, QUEUE, CALLS, WAITS, HELD = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local READY, TIMED, PAUSES, PROCESSES, RATES, INFOS = KEYS[8], KEYS[9], KEYS[10], KEYS[11], KEYS[12], KEYS[13]
local command, me, lease = ARGV[1], ARGV[2], tonumber(ARGV[3])
local call = redis.call
-- The most that one command does beyond its own items. More is left to the next one, which is asked for at once.
local MOST_DROPPED, MOST_GRANTS, MOST_OPENED, MOST_LISTED = 64, 64, 16, 256
local ZERO = '\0'
local clock = call('TIME')
local micros = clock[1] * 1000000 + clock[2]
local now = math.floor(micros / 1000)

local function text(number) return string.format('%.0f', number) end
local function padded(number) return string.format('%016.0f', number) end
local function range(prefix) return '[' .. prefix .. ZERO, '(' .. prefix .. '\1' end
local function calls_of(process) return '[' .. process .. ':', '(' .. process .. ';' end
local function process_of(id) return string.match(id, '^[^:]+') end
local function number_of(id) return string.match(id, '[^:]+$') end
local function parsed(record) return string.match(record, '^(%u) (%d+) (%d+) (.*)$') end

if command == 'list' then
  local MOST = 100
  local conf = call('HMGET', CONF, 'limit', 'version', 'epoch', 'grace')
  local processes, servers, holders, waiters, pauses = {}, {}, {}, {}, {}
  local found = call('ZRANGE', PROCESSES, 0, MOST - 1, 'WITHSCORES')
  for i = 1, #found, 2 do
    local id, from, to = found[i], calls_of(found[i])
    for _, each in ipairs({ id, call('HGET', INFOS, id) or '', math.max(tonumber(found[i + 1]) - now, 0),
      call('ZLEXCOUNT', HELD, from, to), call('ZLEXCOUNT', WAITS, from, to) }) do
      processes[#processes + 1] = each
    end
  end
  local used = call('HSCAN', USE, 0, 'COUNT', MOST)[2]
  for i = 1, math.min(#used, 2 * MOST), 2 do
    if string.sub(used[i], 1, 1) == 's' then
      local server = string.sub(used[i], 2)
      local limit = call('HGET', LIMITS, 'l' .. server)
      for _, each in ipairs({ server, used[i + 1], limit or '' }) do servers[#servers + 1] = each end
    end
  end
  for kind, key in pairs({ held = HELD, waits = WAITS }) do
    local list = kind == 'held' and holders or waiters
    for _, id in ipairs(call('ZRANGE', key, 0, MOST - 1)) do
      local record = call('HGET', CALLS, id)
      if record then
        local _, cost, number, server = parsed(record)
        for _, each in ipairs({ process_of(id), number_of(id), server, cost, number }) do list[#list + 1] = each end
      end
    end
  end
  found = call('ZRANGE', PAUSES, 0, MOST - 1, 'WITHSCORES')
  for i = 1, #found, 2 do
    local left = tonumber(found[i + 1]) - now
    if left > 0 then pauses[#pauses + 1] = found[i]; pauses[#pauses + 1] = left end
  end
  local counts = { micros, tonumber(conf[1] or 0), tonumber(call('HGET', USE, 't') or 0), call('ZCARD', HELD),
    call('ZCARD', WAITS), call('ZCARD', PROCESSES) }
  return { 1, tonumber(conf[3] or 0), tonumber(conf[2] or 0), -1, math.max(tonumber(conf[4] or 0) - now, 0),
    counts[6], {}, { counts, processes, servers, holders, waiters, pauses } }
end

local conf = call('HMGET', CONF, 'epoch', 'grace', 'fence', 'ticket', 'version', 'limit')
local epoch, grace, fence, ticket = tonumber(conf[1] or 0), tonumber(conf[2] or 0), tonumber(conf[3] or 0), tonumber(conf[4] or 0)
local version, limit = tonumber(conf[5] or 0), tonumber(conf[6] or 0)
local fence_before, ticket_before = fence, ticket

-- Nothing is known: the memory was lost, or the name is new; both look alike. So for one lease nothing is granted,
-- and holders that are within their own lease are taken back.
if epoch == 0 then
  call('UNLINK', LIMITS, USE, QUEUE, CALLS, WAITS, HELD, READY, TIMED, PAUSES, PROCESSES, RATES, INFOS)
  epoch, grace = micros, now + lease
  call('HSET', CONF, 'epoch', text(epoch), 'grace', text(grace))
end
local begun = math.floor(epoch / 1000)
if now < grace and begun + lease > grace then
  grace = begun + lease
  call('HSET', CONF, 'grace', text(grace))
end

local again = false -- true if work was left over
local is_news = false -- true if a call may start now that could not before this command
local dirty = {} -- servers whose place in `ready` and `timed` must be found anew; true if a waiter left
local grants, notices, wakes = {}, {}, {}
local my_opening -- the time at which the first server opens whose first waiter is of this process
local any_timed = call('ZRANGE', TIMED, 0, 0, 'WITHSCORES')[2]

local function dirty_server(server, has_left) dirty[server] = dirty[server] or has_left or false end

local servers = {}
local function server_of(name)
  local server = servers[name]
  if not server then
    local found = call('HMGET', LIMITS, 'l' .. name, 'r' .. name)
    server = { limit = tonumber(found[1] or nil), used = 0 }
    if found[2] then
      local starts, interval = string.match(found[2], '^(%d+)/(%d+)$')
      server.starts, server.interval = tonumber(starts), tonumber(interval)
    end
    if server.limit then server.used = tonumber(call('HGET', USE, 's' .. name) or 0) end
    servers[name] = server
  end
  return server
end

local total
local function used()
  total = total or tonumber(call('HGET', USE, 't') or 0)
  return total
end

-- A call that costs more than a lowered limit runs alone.
local function fits(cost) return used() == 0 or used() + cost <= limit end

local function count(name, cost)
  is_news = is_news or cost < 0
  total = call('HINCRBY', USE, 't', cost)
  local left = call('HINCRBY', USE, 's' .. name, cost)
  if left <= 0 then call('HDEL', USE, 's' .. name) end
  if servers[name] then servers[name].used = left end
end

-- Returns nothing if the rate lets a call start now, the time in ms of its opening, or false if a call must be sent first.
local function rate_opening(name, server)
  local from, to = range(name)
  call('ZREMRANGEBYLEX', RATES, from, '(' .. name .. ZERO .. padded(micros - server.interval))
  if call('ZLEXCOUNT', RATES, from, to) < server.starts then return nil end
  local first = call('ZRANGEBYLEX', RATES, from, to, 'LIMIT', 0, 1)[1]
  local sent = tonumber(string.sub(first, #name + 2, #name + 17))
  if not sent then return false end
  return math.floor((sent + server.interval) / 1000) + 1
end

-- Returns nothing if the server lets a call start now, the time in ms to look again, or false if a call must end first.
local function opening(name, cost)
  if any_timed then
    local pause = tonumber(call('ZSCORE', PAUSES, name) or 0)
    if pause > now then return pause end
    if pause > 0 then call('ZREM', PAUSES, name) end
  end
  local server = server_of(name)
  if server.limit and server.used > 0 and server.used + cost > server.limit then return false end
  if server.starts then return rate_opening(name, server) end
end

local function queue_entry(name, number, cost, id)
  return name .. ZERO .. padded(number) .. ' ' .. text(cost) .. ' ' .. id
end

local heads = {} -- the first waiters of servers as far as they are known; false for none

-- Returns the first waiter of a server: its entry, ticket, cost and id.
local function head(name)
  local entry = heads[name]
  if entry == nil then
    local from, to = range(name)
    entry = call('ZRANGEBYLEX', QUEUE, from, to, 'LIMIT', 0, 1)[1] or false
    heads[name] = entry
  end
  if not entry then return nil end
  local number, cost, id = string.match(entry, '^(%d+) (%d+) (.*)$', #name + 2)
  return entry, tonumber(number), tonumber(cost), id
end

local function enqueue(name, number, cost, id)
  call('ZADD', QUEUE, 0, queue_entry(name, number, cost, id))
  heads[name] = nil
end

local function dequeue(name, entry)
  call('ZREM', QUEUE, entry)
  heads[name] = nil
end

local function look_again(name, at, process, has_left)
  local changed = call('ZADD', TIMED, 'CH', at, name)
  any_timed = any_timed or at
  if process == me then my_opening = math.min(my_opening or at, at)
  elseif process and (changed == 1 or has_left) then wakes[process] = math.min(wakes[process] or at, at) end
end

-- Puts a server where it belongs: into `ready` with the ticket of its first waiter, into `timed`, or nowhere.
local function settle(name, has_left)
  local entry, number, cost, id = head(name)
  -- A server without waiters is nowhere, but for a pause.
  if not entry and not has_left and not any_timed then return end
  local at = opening(name, cost or 0)
  if entry and at == nil then
    is_news = true
    call('ZADD', READY, number, name)
    if any_timed then call('ZREM', TIMED, name) end
    return
  end
  call('ZREM', READY, name)
  if at and (entry or call('ZSCORE', PAUSES, name)) then look_again(name, at, id and process_of(id), has_left)
  elseif any_timed then call('ZREM', TIMED, name) end
end

local function settle_dirty()
  local name, has_left = next(dirty)
  while name do
    dirty[name] = nil
    settle(name, has_left)
    name, has_left = next(dirty)
  end
end

-- A call counts for its rate until it was sent, and then for one interval.
local function date(name, id)
  call('ZREM', RATES, name .. ZERO .. '~' .. ZERO .. id)
  if server_of(name).starts then call('ZADD', RATES, 0, name .. ZERO .. padded(micros) .. ZERO .. id) end
  dirty_server(name)
end

local function forget(id, record)
  local kind, cost, number, name = parsed(record)
  call('HDEL', CALLS, id)
  if kind == 'W' then
    call('ZREM', WAITS, id)
    dequeue(name, queue_entry(name, tonumber(number), tonumber(cost), id))
  else
    call('ZREM', HELD, id)
    count(name, -tonumber(cost))
    if kind == 'U' then date(name, id) end
  end
  dirty_server(name, kind == 'W')
end

local function hold(id, name, cost, number)
  local is_rated = server_of(name).starts ~= nil
  count(name, cost)
  call('HSET', CALLS, id, (is_rated and 'U ' or 'H ') .. text(cost) .. ' ' .. text(number) .. ' ' .. name)
  call('ZADD', HELD, 0, id)
  if is_rated then call('ZADD', RATES, 0, name .. ZERO .. '~' .. ZERO .. id) end
  dirty_server(name)
  return is_rated
end

local function tell_grant(id, number, place, is_rated)
  local process, list = process_of(id), grants
  if process ~= me then
    list = notices[process] or {}
    notices[process] = list
  end
  for _, each in ipairs({ number_of(id), text(number), text(place), is_rated and '1' or '0' }) do list[#list + 1] = each end
end

local function grant(id, name, cost, place)
  fence = math.max(fence + 1, micros)
  tell_grant(id, fence, place, hold(id, name, cost, fence))
end

-- Ends calls of a process without a lease, holders first. Returns how many more may end in this command.
local function drop(process, most)
  local from, to = calls_of(process)
  for _, key in ipairs({ HELD, WAITS }) do
    for _, id in ipairs(most > 0 and call('ZRANGEBYLEX', key, from, to, 'LIMIT', 0, most) or {}) do
      local record = call('HGET', CALLS, id)
      if record then forget(id, record) else call('ZREM', key, id) end
      most = most - 1
    end
  end
  if most > 0 then
    call('ZREM', PROCESSES, process)
    call('HDEL', INFOS, process)
  else
    again = true
  end
  return most
end

local channel = string.gsub(CONF, 'conf$', 'to:')
local listening = { [me] = true }
local function listens(process)
  if listening[process] == nil then listening[process] = call('PUBSUB', 'NUMSUB', channel .. process)[2] ~= 0 end
  return listening[process]
end

-- Starts the lowest ticket among the servers that may start a call, as long as slots are free.
local function hand_on()
  settle_dirty()
  -- Asking alone gives no other call a slot. All other commands look, also for slots that became free by time alone.
  if now < grace or command == 'acquire' and not is_news then return end
  for _ = 1, MOST_GRANTS do
    if not fits(1) then return end
    local name = call('ZRANGE', READY, 0, 0)[1]
    if not name then return end
    local entry, place, cost, id = head(name)
    if not fits(cost) then return end
    if listens(process_of(id)) then
      dequeue(name, entry)
      call('ZREM', WAITS, id)
      dirty_server(name, true)
      grant(id, name, cost, place)
    else
      -- Its process is gone, or it comes back and asks again with its ticket.
      local record = call('HGET', CALLS, id)
      if record then forget(id, record) else dequeue(name, entry); dirty_server(name, true) end
    end
    settle_dirty()
  end
  again = true
end

-- Those whose lease is over end first, then servers open whose time has come.
local most_dropped = MOST_DROPPED
local first_end
local leases = call('ZRANGE', PROCESSES, 0, 3, 'WITHSCORES')
for i = 1, #leases, 2 do
  local over = tonumber(leases[i + 1])
  if over > now then first_end = over; break end
  if most_dropped > 0 then most_dropped = drop(leases[i], most_dropped) end
  again = again or i == 7
end
if any_timed and tonumber(any_timed) <= now then
  local open = call('ZRANGEBYSCORE', TIMED, '-inf', now, 'LIMIT', 0, MOST_OPENED)
  for _, name in ipairs(open) do dirty_server(name) end
  again = again or #open == MOST_OPENED
end

local commands = {}

-- version, info, limit, then server, limit, starts, interval in us for each server
function commands.join()
  call('ZADD', PROCESSES, now + lease, me)
  call('HSET', INFOS, me, ARGV[5])
  local mine = tonumber(ARGV[4])
  if mine == 0 then mine = math.max(version + 1, micros) end
  local theirs, ours = call('HGET', LIMITS, 't'), table.concat(ARGV, ZERO, 6)
  if theirs == ours then theirs = false end
  if mine < version then return { text(mine), theirs and 2 or 0, theirs or '' } end
  version, limit = mine, tonumber(ARGV[6])
  call('HSET', CONF, 'version', text(version), 'limit', limit)
  if theirs or call('HLEN', LIMITS) == 0 then
    for _, field in ipairs(call('HKEYS', LIMITS)) do
      if field ~= 't' then dirty_server(string.sub(field, 2)) end
    end
    call('UNLINK', LIMITS)
    call('HSET', LIMITS, 't', ours)
    servers = {}
    for i = 7, #ARGV, 4 do
      local name = ARGV[i]
      dirty_server(name)
      if ARGV[i + 1] ~= '' then call('HSET', LIMITS, 'l' .. name, ARGV[i + 1]) end
      if ARGV[i + 2] ~= '' then call('HSET', LIMITS, 'r' .. name, ARGV[i + 2] .. '/' .. ARGV[i + 3]) end
    end
    for name in pairs(dirty) do
      if not server_of(name).starts then
        local from, to = range(name)
        call('ZREMRANGEBYLEX', RATES, from, to)
      end
    end
  end
  return { text(mine), theirs and 1 or 0, theirs or '' }
end

function commands.beat()
  call('ZADD', PROCESSES, now + lease, me)
end

-- id, server, cost, ticket or 0 for each call
local function ask(first)
  local waiting = {}
  for i = first, #ARGV, 4 do
    local id, name, cost, place = me .. ':' .. ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3])
    local record = call('HGET', CALLS, id)
    local kind, _, number
    if record then kind, _, number = parsed(record) end
    if kind == 'W' then
      place = tonumber(number)
    elseif kind then
      tell_grant(id, tonumber(number), 0, kind == 'U')
      place = nil
    else
      settle_dirty()
      -- A waiter that may start has only the overall limit before it, and is not overtaken.
      if now >= grace and not head(name) and not call('ZRANGE', READY, 0, 0)[1] and fits(cost)
        and opening(name, cost) == nil then
        grant(id, name, cost, place)
        place = nil
      else
        if place == 0 then place = math.max(ticket + 1, micros) end
        ticket = math.max(ticket, place)
        call('HSET', CALLS, id, 'W ' .. text(cost) .. ' ' .. text(place) .. ' ' .. name)
        local _, first = head(name)
        enqueue(name, place, cost, id)
        call('ZADD', WAITS, 0, id)
        -- Behind another waiter nothing changes for the server.
        if not first or place < first then dirty_server(name) end
      end
    end
    if place then
      waiting[#waiting + 1] = ARGV[i]
      waiting[#waiting + 1] = text(place)
    end
  end
  return waiting
end

local function release(first, last)
  for i = first, last do
    local id = me .. ':' .. ARGV[i]
    local record = call('HGET', CALLS, id)
    if record then forget(id, record) end
  end
end

function commands.acquire() return ask(4) end

function commands.release() release(4, #ARGV) end

-- the number of calls to release, these calls, and calls that ask
function commands.replace()
  local last = 4 + tonumber(ARGV[4])
  release(5, last)
  return ask(last + 1)
end

function commands.sent()
  for i = 4, #ARGV do
    local id = me .. ':' .. ARGV[i]
    local record = call('HGET', CALLS, id)
    if record and string.sub(record, 1, 1) ~= 'W' then
      local _, cost, number, name = parsed(record)
      call('HSET', CALLS, id, 'H ' .. cost .. ' ' .. number .. ' ' .. name)
      date(name, id)
    end
  end
end

-- id, server, cost, fence or 0 for each holder
function commands.reclaim()
  for i = 4, #ARGV, 4 do
    local id, number = me .. ':' .. ARGV[i], tonumber(ARGV[i + 3])
    local record = call('HGET', CALLS, id)
    if record and string.sub(record, 1, 1) == 'W' then
      forget(id, record)
      record = false
    end
    if not record then hold(id, ARGV[i + 1], tonumber(ARGV[i + 2]), number) end
    fence = math.max(fence, number)
  end
end

-- server, ms
function commands.pause()
  local at = now + tonumber(ARGV[5])
  call('ZADD', PAUSES, 'GT', at, ARGV[4])
  any_timed = any_timed or at
  dirty_server(ARGV[4], true)
end

function commands.tick() end

function commands.leave()
  call('ZADD', PROCESSES, 'XX', 0, me)
  most_dropped = drop(me, most_dropped)
end

local lease_end = call('ZSCORE', PROCESSES, me)
local is_known = lease_end and tonumber(lease_end) > now
local detail = {}
local is_for_all = command == 'join' or command == 'tick' or command == 'leave'
if is_known or is_for_all then detail = commands[command]() or {} end
is_known = is_known or is_for_all
hand_on()

if command == 'beat' and is_known then
  local _, to = calls_of(me)
  local ids = call('ZRANGEBYLEX', HELD, '(' .. me .. ':' .. ARGV[4], to, 'LIMIT', 0, MOST_LISTED)
  detail = { limit, used(), call('ZCARD', WAITS), #ids == MOST_LISTED and number_of(ids[#ids]) or 0 }
  for i, record in ipairs(#ids > 0 and call('HMGET', CALLS, unpack(ids)) or {}) do
    if record then
      local kind, _, number = parsed(record)
      for _, each in ipairs({ number_of(ids[i]), number, kind == 'U' and 1 or 0 }) do detail[#detail + 1] = each end
    end
  end
end

if fence ~= fence_before or ticket ~= ticket_before then
  call('HSET', CONF, 'fence', text(fence), 'ticket', text(ticket))
end
for process, list in pairs(notices) do
  call('PUBLISH', channel .. process, 'granted ' .. table.concat(list, ' '))
end
for process, at in pairs(wakes) do call('PUBLISH', channel .. process, 'wake ' .. text(math.max(at - now, 1))) end

-- The time of the next thing to do: at once, at the opening of a server, at the end of a lease or of the grace.
-- All processes with waiters come for the last two, so each has its own delay.
local one, two = string.byte(me, -2, -1)
local delay = (one * 37 + (two or 0) * 11) % 200
local wake = my_opening
for _, at in pairs({ first_end or false, now < grace and grace or false }) do
  if at and (not wake or at + delay < wake) then wake = at + delay end
end
if again then wake = now end
return { is_known and 1 or 0, epoch, version, wake and math.max(wake - now, 0) or -1, math.max(grace - now, 0),
  call('ZCARD', PROCESSES), grants, detail }
