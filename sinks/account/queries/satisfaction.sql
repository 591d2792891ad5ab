-- What people think of answers: ratings from 1 to 5 by what gave the answer, with the interval in which the mean lies.
-- `low` and `high` bound the mean with 95 % confidence, by the normal approximation; with one rating they are empty, and with few they are
-- wide. A rating counts by the last call of its turn that answered; one whose turn is not known has empty columns.
-- @by columns(app,model,target,rule,class,arm,day,month) [app,model] what is told apart
-- @app text [] only this app (org#app); empty means all
-- @from time [30d] ratings at or after this moment
-- @to time [tomorrow] ratings before this moment
SELECT
    {by:columns},
    count() AS ratings,
    round(avg(stars), 2) AS mean,
    round(avg(stars) - 1.96 * stddevSampStable(stars) / sqrt(nullIf(count(), 1)), 2) AS low,
    round(avg(stars) + 1.96 * stddevSampStable(stars) / sqrt(nullIf(count(), 1)), 2) AS high,
    countIf(stars <= 2) AS poor
FROM
(
    SELECT
        rated.app AS app, rated.stars AS stars,
        toDate(rated.at, {zone:String}) AS day, toStartOfMonth(rated.at, {zone:String}) AS month,
        call.model AS model, call.target AS target, call.rule AS rule, call.class AS class, call.arm AS arm
    FROM
    (
        SELECT app, at, turn, assumeNotNull(rating) AS stars
        FROM feedback
        WHERE at >= {from:DateTime64(3, 'UTC')} AND at < {to:DateTime64(3, 'UTC')} AND ({app:String} = '' OR app = {app:String}) AND isNotNull(rating)
    ) AS rated
    LEFT JOIN
    (
        SELECT
            facts.turn AS of_turn,
            argMax(facts.model, facts.at) AS model, argMax(facts.target, facts.at) AS target, argMax(facts.rule, facts.at) AS rule,
            argMax(facts.class, facts.at) AS class, argMax(arrayStringConcat(facts.arms, ' '), facts.at) AS arm
        FROM model_calls AS facts
        WHERE facts.kind = 'answer' AND facts.error = '' AND facts.calls = 1
            AND facts.turn IN (SELECT assumeNotNull(turn) FROM feedback WHERE at >= {from:DateTime64(3, 'UTC')} AND at < {to:DateTime64(3, 'UTC')} AND isNotNull(turn))
        GROUP BY facts.turn
    ) AS call ON call.of_turn = rated.turn
)
GROUP BY {by:columns}
ORDER BY {by:columns}
