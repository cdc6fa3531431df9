-- SPDX-License-Identifier: ISC
-- Lets visitors wait while a process that has just started, or was reloaded, does not know the routes yet: until
-- mysocket-node says that it does (ready.map), or would have said so long ago. In Lua, since HAProxy's own
-- `inspect-delay` does not wait once it has the whole request, as it has that of most GETs.
local ready = Map.new("ready.map", Map._str)
-- No rule asks this one: it is mysocket-node's own note of the certificates that this process has from the list beside
-- it, and HAProxy knows maps only that somebody names.
Map.new("/run/mysocket/certificates/map", Map._str)
local late = core.now().sec + 10

local function wait_for_routes()
	while not ready:lookup("node") and core.now().sec < late do
		core.msleep(50) -- HAProxy forgets to wake up a tcp connection whose sleep is over before it has gone to bed
	end
end

core.register_action("wait_for_routes", { "tcp-req", "http-req" }, wait_for_routes)
