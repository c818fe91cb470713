package sandbox_test

// conformBanks brings bank accounts into the states that no other test asks the
// answers of.
func (s *stand) conformBanks(who string) {
	const permitted = "&mandate_data[customer_acceptance][type]=online&mandate_data[customer_acceptance][online][ip_address]=192.0.2.7&mandate_data[customer_acceptance][online][user_agent]=x"
	si := s.setUp(who, bankSuccess)
	s.ok("GET", "/v1/setup_intents/"+si.ID, "expand[]=mandate.payment_method&expand[]=latest_attempt")
	s.ok("GET", "/v1/mandates/"+si.Mandate.ID, "expand[]=payment_method")
	s.ok("POST", "/v1/setup_intents/"+si.ID+"/cancel", "")
	s.refused(400, "POST", "/v1/setup_intents/"+si.ID+"/verify_microdeposits", "descriptor_code=SM11AA")
	bank := s.saveBank(who, bankSuccess)
	s.ok("POST", "/v1/payment_methods/"+bank, "us_bank_account[account_type]=savings&us_bank_account[account_holder_type]=company&billing_details[name]=N")
	s.ok("GET", "/v1/payment_methods", "customer="+who+"&type=us_bank_account")
	debit := "amount=1000&currency=usd&confirm=true&payment_method_types[]=us_bank_account&customer=" + who
	data := "&payment_method_data[type]=us_bank_account&payment_method_data[billing_details][name]=N&payment_method_data[us_bank_account][routing_number]=" +
		testRouting + "&payment_method_data[us_bank_account][account_holder_type]=company&payment_method_data[us_bank_account][account_number]="
	s.ok("POST", "/v1/payment_intents", debit+"&payment_method="+bank+"&off_session=true&expand[]=latest_charge")
	s.ok("POST", "/v1/payment_intents", debit+data+bankSuccess+permitted+"&payment_method_options[us_bank_account][financial_connections][permissions][]=balances&payment_method_options[us_bank_account][mandate_options][collection_method]=paper")
	s.refused(400, "POST", "/v1/payment_intents", debit+data+"1234567"+permitted)
	s.refused(400, "POST", "/v1/payment_intents", debit+data+bankSuccess)
	s.refused(402, "POST", "/v1/payment_intents", debit+permitted+"&payment_method=pm_usBankAccount_riskLevelHighest")
	s.refused(400, "POST", "/v1/payment_intents", debit+"&payment_method="+bank+"&mandate=mandate_none")
	s.refused(404, "GET", "/v1/mandates/mandate_none", "")
	s.ok("POST", "/v1/payment_methods/"+bank+"/detach", "")
}
