-- +goose Up
-- A refund that a person says did not go through gives up its id at Stripe, so that it
-- can be booked as one made there should Stripe say otherwise.
-- +goose StatementBegin
create or replace function refunds_stay() returns trigger language plpgsql as $$
begin
    if refund_rank(new.state) < refund_rank(old.state) or (refund_rank(old.state) = 4 and new.state <> old.state) then
        raise exception 'refund % cannot go from % to %', old.id, old.state, new.state using errcode = 'check_violation';
    end if;
    if (new.invoice_id, new.payment_id, new.amount, new.surcharge, new.choice, new.currency, new.account)
       is distinct from (old.invoice_id, old.payment_id, old.amount, old.surcharge, old.choice, old.currency, old.account)
       or old.stripe_refund is not null and new.stripe_refund is distinct from old.stripe_refund
          and not (new.stripe_refund is null and new.state = 'failed' and old.state <> 'failed') then
        raise exception 'refund % stays what was asked for', old.id using errcode = 'check_violation';
    end if;
    return new;
end
$$;
-- +goose StatementEnd
