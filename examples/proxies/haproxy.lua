-- Asks Outright about a request, for haproxy.cfg. The status is 0 where nothing came.

local url = "http://127.0.0.1:8080/outright/v1/check?audience=demo-api"
-- HAProxy 2.6 asks four times before it gives up: a second in all.
local timeout_ms = 250

local names = {
  outright_challenge = "www-authenticate",
  outright_user = "remote-user",
  outright_groups = "remote-groups",
  outright_session = "outright-session",
  outright_client = "outright-client",
}

core.register_action("outright_check", { "http-req" }, function(txn)
  local sent = txn.http:req_get_headers()
  local headers = { ["x-original-method"] = { txn.sf:method() } }
  -- All of them: a header that was sent twice is nothing that a token is taken from.
  if sent["authorization"] then
    local values = {}
    for _, value in pairs(sent["authorization"]) do
      table.insert(values, value)
    end
    headers["authorization"] = values
  end
  local answer = core.httpclient():get({ url = url, headers = headers, timeout = timeout_ms })
  txn:set_var("txn.outright_status", answer and answer.status or 0)
  for variable, name in pairs(names) do
    local values = answer and answer.headers and answer.headers[name]
    txn:set_var("txn." .. variable, values and values[0] or "")
  end
end)
