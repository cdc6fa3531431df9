-- SPDX-License-Identifier: ISC
-- Changes request headers whose names are not known before: HAProxy's own rules take fixed ones only. Runs for names
-- that ask for it alone. txn.headers has lines "-<name>" and "+<name>: <value>", which were
-- checked by the API and by mysocket-node: nothing that the edge itself decides is among them.
core.register_action("headers", { "http-req" }, function(txn)
	for sign, name, value in txn:get_var("txn.headers"):gmatch("([-+])([^:\n]+):? ?([^\n]*)\n") do
		if sign == "-" then
			txn.http:req_del_header(name)
		else
			txn.http:req_set_header(name, value)
		end
	end
end)
