-- Drives wrk: always the same request, or those of a file one after the other.
-- Arguments: the file of addresses, or - for the address of the command line; then names and values
-- of headers. Ends with a line of JSON.

local addresses, place = {}, 0

local function following()
  place = place % #addresses + 1
  return wrk.format("GET", addresses[place])
end

function init(arguments)
  for number = 2, #arguments, 2 do
    wrk.headers[arguments[number]] = arguments[number + 1]
  end
  if arguments[1] ~= "-" then
    for address in io.lines(arguments[1]) do
      addresses[#addresses + 1] = address
    end
    request = following
  end
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    '{"requests": %d, "seconds": %.6f, "p50": %.4f, "p99": %.4f, "failed": %d}',
    summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
