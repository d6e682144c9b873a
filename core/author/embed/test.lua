-- What playbook tests are written with: the table `t` that each test is given. This file is run in the sandbox of
-- playbooks; `bench` has what needs the program (bench.c). It gives back the function that runs one test.
local bench = ...

local HOUR_MS = 3600000          -- how long a gate stays open unless the question says otherwise
local Answer, Matcher = {}, {}   -- marks: metatables of what t.fails, t.has and the like give

local t = {}
local answers = {}               -- by name: { at = how many were used, … }
local started_us = bench.time "2026-01-01T00:00:00Z"
local seed = 1
local last                       -- the run that expectations are about
local uses = {}                  -- by a playbook's name: the file that runs when it is called
local callers = {}               -- names of the playbooks that run now, the outermost one first

-- Values as people read them.

local function json_of(value, what)
  local ok, text = pcall(bench.json, value, what)
  if not ok then
    bench.fail((text:gsub("^[^:]*:%d+: ", "")))
  end
  return text
end

local function show(value)
  if value == nil then
    return "nothing"
  elseif getmetatable(value) == Matcher then
    return value.text
  elseif type(value) == "function" then
    return "what the test's function accepts"
  end
  local ok, text = pcall(bench.json, value, "value")
  return ok and text or tostring(value)
end

local function show_step(step)
  local text = step.op == "act" and "act." .. step.name or step.op .. (step.name ~= "" and " " .. step.name or "")
  text = text .. " " .. show(step.args)
  return next(step.options) and text .. " " .. show(step.options) or text
end

local function show_steps(run)
  local lines = {}
  for i, step in ipairs(run and run.steps or {}) do
    local gave = step.is_held and "no answer yet" or step.reason and "nil, " .. show(step.reason) or show(step.value)
    lines[i] = "    " .. step.where .. "  " .. show_step(step) .. "\n        gave " .. gave
  end
  if #lines == 0 then
    return run and "\n  the playbook took no step" or "\n  the playbook was not run"
  end
  return "\n  the steps:\n" .. table.concat(lines, "\n")
end

local function fail(text, where)
  bench.fail(text .. show_steps(last), where)
end

local function check_text(value, what)
  if type(value) ~= "string" or value == "" then
    fail(what .. " is a text, not " .. show(value))
  end
  return value
end

local function duration(text, what)
  local ms, why = bench.duration(check_text(text, what))
  if not ms then
    fail(what .. ": " .. why)
  end
  return ms
end

-- What steps are answered with.

local function answer(fields)
  return setmetatable(fields, Answer)
end

function t.fails(reason)
  return answer { reason = check_text(reason, "t.fails: the reason") }
end

function t.rejects(reason)
  return answer { reason = reason and "rejected: " .. check_text(reason, "t.rejects: the reason") or "rejected",
    refused = true }
end

function t.denies(why)
  return answer { reason = "denied by " .. (why and check_text(why, "t.denies: rule and reason") or "the rules"),
    refused = true }
end

function t.recommends()
  return answer { reason = "recommended: ta-1", refused = true }
end

function t.refuses(reason)
  return answer { reason = check_text(reason, "t.refuses: the reason"), refused = true }
end

function t.expires()
  return answer { expires = true }
end

function t.after(time, given)
  return answer { after_ms = duration(time, "t.after: the time"), given = given }
end

function t.narrows(narrowed, value)
  local copy = {}
  for name, item in pairs(value or {}) do
    copy[name] = item
  end
  copy.narrowed = { args = narrowed.args, lease_ms = narrowed.lease and duration(narrowed.lease, "t.narrows: lease") }
  return answer { given = copy, narrows = true }
end

function t.unknown(found)
  found = found or { nothing = true }
  if found.did_not then
    return answer { reason = "a person found that it did not happen" }
  elseif found.happened ~= nil then
    return answer { given = found.happened }
  end
  return answer { held = true }
end

function t.on(name, ...)
  check_text(name, "t.on: the step")
  local list = { at = 0, count = select("#", ...), ... }
  if list.count == 0 then
    fail("t.on(" .. show(name) .. ") needs an answer")
  end
  answers[name] = list
end

function t.use(file)
  local ok, name = pcall(bench.name, check_text(file, "t.use: the file"))
  if not ok then
    fail("t.use: " .. name:gsub("^hikeshi%-test:%d+: ", ""))
  end
  uses[name] = file
end

function t.at(time)
  started_us = bench.time(check_text(time, "t.at: the time")) or fail("t.at needs a time such as 2026-11-22T08:00:00Z")
end

function t.seed(number)
  if math.type(number) ~= "integer" then
    fail("t.seed needs a whole number")
  end
  seed = number
end

local function key_of(step)
  if step.op == "act" then
    return step.name
  end
  if step.args.signal then
    return "signal " .. step.args.signal   -- wait(signal "NAME")
  end
  return step.name ~= "" and step.op .. " " .. step.name or step.op
end

-- The test's answer to a step, or nil when it gives none.
local function chosen(step)
  local list = answers[step.key]
  if not list then
    return nil
  end
  list.at = list.at + 1
  local given = list[math.min(list.at, list.count)]
  if type(given) == "function" then
    local value, reason = given(step.args, step.options, list.at)
    given = value
    if value == nil then
      given = answer { reason = check_text(reason, "t.on(" .. show(step.key) .. "): the function's second result") }
    end
  end
  return getmetatable(given) == Answer and given or answer { given = given }
end

-- How long a wait for no signal takes. Clocks show UTC, and business hours are always.
local function wait_ms(step)
  local args = step.args
  if args.until_us then
    return math.max(args.until_us // 1000 - step.asked_ms, 0)
  elseif args.clock_min then
    local ms = (args.clock_min * 60000 - step.asked_ms) % 86400000
    return ms == 0 and 86400000 or ms
  end
  return args.for_ms or 0
end

local function own_wait(step)
  if not step.args.signal then
    return answer { given = true, after_ms = wait_ms(step) }
  elseif step.args.timeout_ms then
    return answer { reason = "no signal came in time", after_ms = step.args.timeout_ms }
  end
  return nil   -- for ever: the test has to say what comes
end

local own = {
  note = function() return answer { given = true } end,
  close = function() return answer { given = true } end,
  notify = function() return answer { given = true } end,
  escalate = function() return answer { given = true } end,
  case = function() return answer { given = "ca-1" } end,
  release = function()
    return answer { given = { released = 0, by_hand = 0, not_released = 0, more = false, items = {} } }
  end,
  wait = own_wait,
  signal = function() return answer { given = true } end,
}

-- A gate that nobody answered in time.
local function expired(step)
  local after_ms = step.op == "ask" and step.args.timeout and duration(step.args.timeout, "timeout") or HOUR_MS
  if step.op == "ask" and step.args.otherwise ~= nil then
    return answer { given = step.args.otherwise, after_ms = after_ms }
  end
  return answer { reason = "expired: nobody answered in time", refused = true, after_ms = after_ms }
end

local function check_choice(step, given)
  if step.op ~= "ask" or not step.args.choices or given.reason then
    return
  end
  for _, choice in ipairs(step.args.choices) do
    if choice == given.given then
      return
    end
  end
  if given.given ~= step.args.otherwise then
    step.is_held = true
    fail(step.where .. ": " .. show(given.given) .. " is none of the choices of " .. show_step(step))
  end
end

local take_step

-- What a playbook that the test uses gives when it is called: its steps count as the run's own.
local function called(run, step)
  local file = step.op == "call" and uses[step.name]
  if not file then
    return nil
  end
  for _, name in ipairs(callers) do
    if name == step.name then
      return answer { reason = 'playbook "' .. name .. '" would call itself', refused = true }
    end
  end
  if #callers > bench.call_depth_max then
    return answer { reason = "calls are nested deeper than " .. bench.call_depth_max, refused = true }
  end
  callers[#callers + 1] = step.name
  local state, text, value, problem
  local args, ended_ms = step.args, step.asked_ms
  repeat   -- the caller waits for the last run that it goes on as
    bench.start(run.alert, json_of(args, "arguments"), ended_ms * 1000, seed + #callers, file)
    for inner in bench.next do
      inner.playbook = step.name
      take_step(run, inner)
    end
    state, text, value, problem, ended_ms = bench.finish()
    args = value
  until state ~= "continued" or problem
  callers[#callers] = nil
  if problem then
    fail("the playbook " .. step.name .. " is not deterministic. Run again on its own record: " .. problem, run.called)
  elseif state == "held" then
    return answer { held = true }
  elseif state == "failed" then
    return answer { reason = "playbook " .. step.name .. " failed: " .. text .. "\n  called from " .. step.where,
      after_ms = ended_ms - step.asked_ms }
  end
  if value == nil then
    value = true
  end
  return answer { given = value, after_ms = ended_ms - step.asked_ms }
end

local function reply(run, step)
  local given = chosen(step) or called(run, step) or own[step.op] and own[step.op](step)
  local after_ms = given and given.after_ms or 0
  if not given then
    step.is_held = true
    fail(step.where .. ": the test has no answer to " .. show_step(step) .. ": say t.on(" .. show(step.key) .. ", …)" ..
      (step.op == "call" and ", or t.use \"" .. step.name .. ".lua\" to run it" or ""))
  end
  while getmetatable(given.given) == Answer do   -- t.after("1h", t.rejects "no")
    given = given.given
    after_ms = after_ms + (given.after_ms or 0)
  end
  if given.expires then
    given = expired(step)
    after_ms = after_ms + given.after_ms
  end
  check_choice(step, given)
  if given.held then
    step.is_held = true
    return
  end
  step.value, step.reason = given.given, given.reason
  local text = given.reason or json_of(given.given, "the answer to " .. step.key)
  if not given.reason and not given.narrows then
    local problem = bench.check_result(step.number, text)
    if problem then
      fail("the test answers " .. step.key .. " with what the plugin can't give: " .. problem)
    end
  end
  bench.answer(step.number, given.refused and "refused" or given.reason and "failed" or "ok", text, after_ms)
end

function take_step(run, step)
  step.key = key_of(step)
  run.steps[#run.steps + 1] = step
  local problem = bench.check(step.number)
  if problem then
    step.is_held = true
    fail(step.where .. ": the engine would refuse " .. show_step(step) .. ": " .. problem)
  end
  reply(run, step)
  if step.op == "close" and not step.reason and not run.verdict then
    run.verdict = step.args.verdict
  end
end

local function check_end()
  if not last or last.is_checked then
    return
  end
  if last.state == "failed" then
    fail("the run failed: " .. last.error, last.called)
  elseif last.state == "held" then
    fail("the run does not end: a step has no answer, and the test does not say t.held()", last.called)
  end
end

local function start(alert, args, time_us)
  local run = { steps = {}, called = bench.where(), alert = alert }
  callers = { bench.playbook }
  bench.start(run.alert, json_of(args or {}, "arguments"), time_us, seed)
  last = run
  for step in bench.next do
    take_step(run, step)
  end
  local state, value, problem
  state, run.error, value, problem, run.ended_ms = bench.finish()
  run.state, run.value = state, value
  if problem then
    fail("the playbook is not deterministic. Run again on its own record, as after a restart: " .. problem, run.called)
  end
  return run
end

function t.run(alert, args)
  check_end()
  last = nil
  if alert ~= nil and type(alert) ~= "table" then
    fail("t.run needs an alert, such as t.run { title = \"…\" }")
  elseif args ~= nil and (type(args) ~= "table" or args[1] ~= nil) then
    fail("t.run: what a caller hands over is a table with names, such as { ips = { … } }")
  end
  return start(json_of(alert or {}, "alert"), args, started_us)
end

-- The new run that the last one went on as: the same alert, its state, the clock as it was left.
function t.go_on()
  if not last or last.state ~= "continued" then
    fail("t.go_on needs a run that ended with continue_as_new" .. (last and "\n  but it is " .. last.state or ""))
  end
  return start(last.alert, last.value, last.ended_ms * 1000)
end

-- Expectations.

local mismatch

local function mismatch_table(want, got, path, exact)
  if type(got) ~= "table" then
    return path .. " is " .. show(got) .. ", not " .. show(want)
  end
  if want[1] ~= nil and #want ~= #got then
    return path .. " has " .. #got .. " items, not " .. #want
  end
  for name, item in pairs(want) do
    local place = type(name) == "number" and path .. "[" .. name .. "]" or path .. "." .. tostring(name)
    local text = mismatch(item, got[name], place, exact)
    if text then
      return text
    end
  end
  for name, item in pairs(exact and got or {}) do
    if want[name] == nil then
      return path .. "." .. tostring(name) .. " is " .. show(item) .. ", and nothing was expected"
    end
  end
  return nil
end

-- Why `got` is not what was wanted, or nil. Without `exact`, names that aren't wanted may be there.
function mismatch(want, got, path, exact)
  local good
  if getmetatable(want) == Matcher then
    good = want.accepts(got)
  elseif type(want) == "function" then
    good = want(got)
  elseif type(want) == "table" then
    return mismatch_table(want, got, path, exact)
  else
    good = want == got
  end
  if good then
    return nil
  end
  return path .. " is " .. show(got) .. ", not " .. show(want)
end

function t.has(part)
  check_text(part, "t.has: the part")
  return setmetatable({
    text = "a text with " .. show(part),
    accepts = function(got) return type(got) == "string" and got:find(part, 1, true) ~= nil end,
  }, Matcher)
end

t.any = setmetatable({ text = "anything", accepts = function(got) return got ~= nil end }, Matcher)
t.none = setmetatable({ text = "nothing", accepts = function(got) return got == nil end }, Matcher)

local function needs_run()
  if not last then
    fail("t.run comes first")
  end
end

function t.did(name, args, options)
  needs_run()
  local nearest = "it was not asked for"
  for _, step in ipairs(last.steps) do
    if step.key == check_text(name, "t.did: the step") then
      local text = mismatch(args or {}, step.args, "arguments") or mismatch(options or {}, step.options, "options")
      if not text then
        return step
      end
      nearest = step.where .. ": " .. text
    end
  end
  return fail("expected " .. name .. (args and " " .. show(args) or "") .. (options and " " .. show(options) or "") ..
    "\n  but " .. nearest)
end

function t.did_not(name)
  needs_run()
  for _, step in ipairs(last.steps) do
    if step.key == check_text(name, "t.did_not: the step") then
      fail("expected no " .. name .. "\n  but " .. step.where .. " asked for " .. show_step(step))
    end
  end
end

function t.count(name)
  needs_run()
  local count = 0
  for _, step in ipairs(last.steps) do
    count = count + (step.key == name and 1 or 0)
  end
  return count
end

function t.order(names)
  needs_run()
  local got = {}
  for i, step in ipairs(last.steps) do
    got[i] = step.key
  end
  if mismatch(names, got, "steps", true) then
    fail("expected the steps " .. show(names) .. "\n  but they were " .. show(got))
  end
end

function t.noted(part)
  return t.did("note", { text = t.has(part) })
end

function t.asked(part)
  return t.did("ask", { question = t.has(part) })
end

function t.waited(time)
  return t.did("wait", { for_ms = duration(time, "t.waited: the time") })
end

function t.closed(verdict, note)
  needs_run()
  if last.verdict ~= verdict then
    fail("expected the verdict " .. show(verdict) .. "\n  but it is " .. show(last.verdict))
  end
  if note then
    t.did("close", { verdict = verdict, note = t.has(note) })
  end
end

function t.not_closed()
  t.did_not "close"
end

function t.returned(value)
  needs_run()
  check_end()
  if last.state == "continued" then
    fail("expected that run returns " .. show(value) .. "\n  but it goes on as a new run")
  end
  local text = mismatch(value, last.value, "the value", true)
  if text then
    fail("expected that run returns " .. show(value) .. "\n  but " .. text)
  end
end

function t.continued(state)
  needs_run()
  check_end()
  if last.state ~= "continued" then
    fail("expected that the run goes on as a new one\n  but it is " .. last.state)
  end
  local text = state ~= nil and mismatch(state, last.value, "the state", false)
  if text then
    fail("expected that the run goes on with " .. show(state) .. "\n  but " .. text)
  end
end

function t.failed(part)
  needs_run()
  if last.state ~= "failed" then
    fail("expected that the run fails\n  but it is " .. last.state)
  elseif part and not last.error:find(part, 1, true) then
    fail("expected an error with " .. show(part) .. "\n  but it is: " .. last.error)
  end
  last.is_checked = true
end

function t.held()
  needs_run()
  if last.state ~= "held" then
    fail("expected that a step without an answer holds the run up\n  but it is " .. last.state)
  end
  last.is_checked = true
end

function t.equal(got, want, what)
  local text = mismatch(want, got, what or "the value", true)
  if text then
    fail(text)
  end
end

function t.starts(alert)
  if not bench.starts(json_of(alert, "alert")) then
    fail("expected that this alert starts the playbook\n  but no trigger in `on` matches " .. show(alert))
  end
end

function t.does_not_start(alert)
  if bench.starts(json_of(alert, "alert")) then
    fail("expected that this alert does not start the playbook\n  but a trigger in `on` matches " .. show(alert))
  end
end

return function(body)
  body(t)
  check_end()
end
