-- The action "sso-check" asks the sso-service about a request (GET /authz/forward):
--
--   http-request lua.sso-check http://127.0.0.1:8001 app:use
--
-- Allowed: it replaces the identity headers of the request, removes the credentials, and sets the
-- variable txn.sso_allowed. Refused: it answers the client as the sso-service did. Otherwise it
-- does nothing, so the configuration has to refuse requests without txn.sso_allowed.

-- For each of up to four attempts, so two seconds in all: HAProxy repeats a request without an answer.
local TIMEOUT_MS = 500

local IDENTITY = { "x-auth-user", "x-auth-user-id", "x-auth-roles", "x-auth-permissions" }

-- The headers of the client that the sso-service reads.
local ASKED_WITH = {
  "authorization", "cookie", "accept", "sec-fetch-mode", "sec-fetch-dest", "x-requested-with",
  "x-request-id", "traceparent",
}

-- The answers that refuse a request, and their headers for the client.
local REFUSALS = { [302] = true, [400] = true, [401] = true, [403] = true }
local REFUSED_WITH = {
  "location", "www-authenticate", "content-type", "cache-control", "content-security-policy",
  "referrer-policy", "x-content-type-options", "x-request-id",
}

local SESSION_COOKIES = {
  ["session_id"] = true,
  ["__Host-session_id"] = true,
  ["refresh_token"] = true,
  ["__Secure-refresh_token"] = true,
}

-- HAProxy counts the values of a header from 0, its HTTP client from 1.
local function values_of(headers, name)
  local values = {}
  local index = 0
  while headers[name] and headers[name][index] do
    values[#values + 1] = headers[name][index]
    index = index + 1
  end
  return values
end

-- The line for the header Cookie, without the cookies of the sso-service.
local function application_cookies(lines)
  local kept = {}
  for _, line in ipairs(lines) do
    for pair in line:gmatch("[^;]+") do
      local trimmed = pair:match("^%s*(.-)%s*$")
      local name = trimmed:match("^[^=]*")
      if trimmed ~= "" and not SESSION_COOKIES[name] then
        kept[#kept + 1] = trimmed
      end
    end
  end
  return table.concat(kept, "; ")
end

local function question(txn, headers)
  local asked = {}
  for _, name in ipairs(ASKED_WITH) do
    local values = values_of(headers, name)
    if #values > 0 then
      asked[name] = values
    end
  end
  asked["x-forwarded-for"] = { txn.f:src() }
  asked["x-forwarded-method"] = { txn.f:method() }
  asked["x-forwarded-proto"] = { txn.f:ssl_fc() == 1 and "https" or "http" }
  asked["x-forwarded-host"] = values_of(headers, "host")
  asked["x-forwarded-uri"] = { txn.f:pathq() }
  return asked
end

-- Whether it is the answer of the sso-service, which has all identity headers, once each.
local function allows(response)
  if response.status ~= 200 then
    return false
  end
  for _, name in ipairs(IDENTITY) do
    local values = response.headers[name]
    if not values or #values_of(response.headers, name) ~= 1 then
      return false
    end
  end
  return true
end

local function allow(txn, headers, response)
  for _, name in ipairs(IDENTITY) do
    txn.http:req_set_header(name, response.headers[name][0])
  end
  local cookies = application_cookies(values_of(headers, "cookie"))
  txn.http:req_del_header("cookie")
  if cookies ~= "" then
    txn.http:req_set_header("cookie", cookies)
  end
  txn.http:req_del_header("authorization")
  txn:set_var("txn.sso_allowed", true)
end

local function refuse(txn, response)
  local reply = txn:reply({ status = response.status, reason = response.reason })
  for _, name in ipairs(REFUSED_WITH) do
    for _, value in ipairs(values_of(response.headers, name)) do
      reply:add_header(name, value)
    end
  end
  if response.body then
    reply:set_body(response.body)
  end
  txn:done(reply)
end

core.register_action("sso-check", { "http-req" }, function(txn, authority, permission)
  local headers = txn.http:req_get_headers()
  local response = core.httpclient():get({
    url = authority .. "/authz/forward?permission=" .. permission,
    headers = question(txn, headers),
    timeout = TIMEOUT_MS,
  })
  if allows(response) then
    allow(txn, headers, response)
  elseif REFUSALS[response.status] then
    refuse(txn, response)
  end
end, 2)
