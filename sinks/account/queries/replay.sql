-- What replays found: changed verdicts, routes and targets, cost and time of both sides, what the judge prefers.
-- Turns that started cold are counted as `cold`, and as `drift` if decisions differ that should not, and compared in nothing. A verdict is the
-- stricter of question's and answer's. What changed is counted where both sides' are known. Costs are summed over turns of which both sides' are known, times averaged
-- over those of which both are; a line has one currency on each side. `same_requests` is the share of requests that were made again to the byte, in
-- percent; `win_rate` how often the judge prefers the candidate, ties half, among the turns that were judged.
-- @name text [] only this replay; empty means all
-- @by columns(app,class,tier,footing,manifest,candidate_route,candidate_target) [app] what is told apart within its replay
-- @app text [] only this app (org#app); empty means all
-- @from time [1970-01-01] turns that were stored at or after this moment
-- @to time [2100-01-01] turns that were stored before this moment
WITH
    greatest(indexOf(['pass', 'mask', 'replace', 'hold', 'block'], toString(turns.baseline_verdict)), indexOf(['pass', 'mask', 'replace', 'hold', 'block'], toString(turns.baseline_answer_verdict))) AS strictest,
    greatest(indexOf(['pass', 'mask', 'replace', 'hold', 'block'], toString(turns.candidate_verdict)), indexOf(['pass', 'mask', 'replace', 'hold', 'block'], toString(turns.candidate_answer_verdict))) AS strictest_now,
    NOT turns.cold_start AS is_compared
SELECT
    turns.name AS name,
    {by:columns},
    turns.baseline_currency AS currency,
    turns.candidate_currency AS currency_now,
    count() AS turns,
    countIf(turns.cold_start) AS cold,
    countIf(is_compared AND strictest > 0 AND strictest_now > 0 AND strictest != strictest_now) AS verdict_changed,
    countIf(is_compared AND turns.baseline_route != '' AND turns.candidate_route != '' AND turns.baseline_route != turns.candidate_route) AS route_changed,
    countIf(is_compared AND turns.baseline_target != '' AND turns.candidate_target != '' AND turns.baseline_target != turns.candidate_target) AS target_changed,
    countIf(turns.drift != '') AS drift,
    countIf(is_compared AND turns.candidate_error != '') AS errors,
    round(100 * countIf(is_compared AND turns.baseline_request != '' AND turns.baseline_request = turns.candidate_request)
        / nullIf(countIf(is_compared AND turns.baseline_request != ''), 0), 1) AS same_requests,
    sumIf(turns.baseline_cost, is_compared AND isNotNull(turns.candidate_cost)) AS cost,
    sumIf(turns.candidate_cost, is_compared AND isNotNull(turns.baseline_cost)) AS cost_now,
    round(avgIf(turns.baseline_latency_ms, is_compared AND isNotNull(turns.candidate_latency_ms))) AS latency_ms,
    round(avgIf(turns.candidate_latency_ms, is_compared AND isNotNull(turns.baseline_latency_ms))) AS latency_ms_now,
    countIf(is_compared AND turns.better != '') AS judged,
    round(avgIf(transform(toString(turns.better), ['candidate', 'tie'], [1., 0.5], 0.), is_compared AND turns.better != ''), 4) AS win_rate
FROM replay_results AS turns
WHERE ({name:String} = '' OR turns.name = {name:String})
    AND ({app:String} = '' OR turns.app = {app:String})
    AND turns.at >= {from:DateTime64(3, 'UTC')} AND turns.at < {to:DateTime64(3, 'UTC')}
GROUP BY name, {by:columns}, currency, currency_now
ORDER BY name, {by:columns}, currency, currency_now
