package demo

import "remit"

// fate is what an invoice of the demo has come to.
type fate string

const (
	leftDraft     fate = "draft"
	leftOpen      fate = "open" // overdue where its date has passed
	claimed       fate = "claimed"
	paidByCard    fate = "paid by card"
	paidHosted    fate = "paid on a hosted page"
	paidByBank    fate = "paid by bank transfer"
	partByCard    fate = "a third paid by card"
	partByBank    fate = "a third paid by bank transfer"
	declinedOnce  fate = "declined once"
	hostedOpen    fate = "a hosted page is open"
	onHold        fate = "on hold"
	voided        fate = "void"
	nothingIsOwed fate = "a total of nothing"
)

// bill is an invoice of the demo. Its dates are days from the demo's first day.
type bill struct {
	number string
	debtor string
	issued int
	due    int
	lines  []remit.LineInput
	taxed  bool  // New York City's sales tax
	off    int64 // allowance, in cents
	fate   fate
}

// taxPerMillion is New York City's combined sales tax of 8.875 %.
const taxPerMillion = 88_750

func line(what, quantity, price string) remit.LineInput {
	return remit.LineInput{Description: what, Quantity: quantity, UnitPrice: price}
}

func lines(all ...remit.LineInput) []remit.LineInput { return all }

// bills are all invoices, 24 of Branch A and 16 of Branch B. The ten open ones
// of Branch A that are due first are A-1001 to A-1010: five whose customer's
// only card pays, two whose only card declines, and three others.
var bills = []bill{
	{"A-1001", "bakery", -51, -21, lines(line("Point-of-sale software, October", "3", "89.00"), line("Card reader rental", "2", "14.50")), true, 0, leftOpen},
	{"A-1002", "logistics", -48, -18, lines(line("Fleet tracking, 28 vehicles", "28", "19.90"), line("Installation, Route 9 depot", "4.5", "95.00")), true, 0, leftOpen},
	{"A-1003", "dental", -44, -14, lines(line("Practice management software, 6 chairs", "6", "129.00"), line("Recall messages", "412", "0.09")), true, 0, leftOpen},
	{"A-1004", "property", -41, -11, lines(line("Elevator maintenance, 14 Oak Street", "1", "780.00"), line("Boiler inspection", "2", "165.00"), line("Parts: expansion valve", "1", "84.35")), true, 0, leftOpen},
	{"A-1005", "events", -24, -9, lines(line("Catering, autumn gala, 120 guests", "120", "46.50"), line("Service staff, hours", "36", "32.00")), true, 0, leftOpen},
	{"A-1006", "theatre", -37, -7, lines(line("Stage lighting service", "1", "1250.00"), line("Lamp replacement", "12", "38.75")), false, 0, leftOpen},
	{"A-1007", "physio", -35, -5, lines(line("Booking software, monthly", "1", "149.00"), line("Online forms add-on", "1", "29.00")), true, 0, leftOpen},
	{"A-1008", "vet", -33, -3, lines(line("Laboratory courier, pick-ups", "22", "17.40"), line("Sample containers, box of 50", "4", "36.20")), true, 0, leftOpen},
	{"A-1009", "school", -32, -2, lines(line("Network maintenance, 3 buildings", "3", "420.00"), line("Wireless access point", "5", "189.99")), false, 0, leftOpen},
	{"A-1010", "theatre", -30, 0, lines(line("Ticketing software, quarter", "1", "897.00")), false, 0, leftOpen},
	{"A-1011", "bakery", -60, -30, lines(line("Point-of-sale software, September", "3", "89.00"), line("Card reader rental", "2", "14.50")), true, 0, paidByCard},
	{"A-1012", "dental", -42, -12, lines(line("Autoclave service", "1", "540.00"), line("Validation report", "1", "95.00")), true, 0, paidByCard},
	{"A-1013", "property", -50, -20, lines(line("Snow removal contract, advance", "1", "2400.00")), true, 0, paidByBank},
	{"A-1014", "physio", -34, -4, lines(line("Treatment table repair", "1", "210.00"), line("Upholstery, hours", "3.25", "68.00")), true, 0, paidHosted},
	{"A-1015", "vet", -24, 6, lines(line("X-ray maintenance, yearly", "1", "1890.00")), true, 0, partByCard},
	{"A-1016", "school", -21, 9, lines(line("Library software licences", "850", "1.95"), line("Training day", "1", "640.00")), false, 0, partByBank},
	{"A-1017", "logistics", -27, 3, lines(line("Warehouse scanner lease", "9", "42.00")), true, 0, declinedOnce},
	{"A-1018", "theatre", -25, 5, lines(line("Fire curtain inspection", "1", "575.00")), false, 0, hostedOpen},
	{"A-1019", "property", -22, 8, lines(line("Roof repair, 220 Mill Lane", "1", "3150.00"), line("Scaffold, days", "5", "180.00")), true, 0, onHold},
	{"A-1020", "dental", -20, 10, lines(line("Practice management software, 6 chairs", "6", "129.00"), line("Recall messages", "388", "0.09")), true, 0, claimed},
	{"A-1021", "events", -18, 12, lines(line("Catering, cancelled luncheon, 40 guests", "40", "31.00")), true, 0, voided},
	{"A-1022", "bakery", -16, 14, lines(line("Delivery routing, trial month", "1", "59.00")), false, 5900, nothingIsOwed},
	{"A-1023", "vet", 0, 30, lines(line("Laboratory courier, pick-ups", "19", "17.40")), true, 0, leftDraft},
	{"A-1024", "school", -2, 28, lines(line("Network maintenance, 3 buildings", "3", "420.00")), false, 0, leftOpen},

	{"B-2001", "hotel", -46, -16, lines(line("Linen service, kg", "1240", "1.35"), line("Pick-up surcharge, Sundays", "4", "25.00")), true, 0, leftOpen},
	{"B-2002", "cafe", -40, -10, lines(line("Espresso machine service", "1", "260.00"), line("Water filter", "2", "48.50")), true, 0, leftOpen},
	{"B-2003", "gym", -36, -6, lines(line("Membership software, 640 members", "640", "0.45")), true, 0, leftOpen},
	{"B-2004", "law", -31, -1, lines(line("Document management, 22 seats", "22", "39.00"), line("Archive storage, boxes", "118", "0.75")), true, 0, leftOpen},
	{"B-2005", "museum", -28, 2, lines(line("Climate monitoring, 9 rooms", "9", "55.00"), line("Sensor calibration", "9", "22.00")), false, 0, leftOpen},
	{"B-2006", "hotel", -55, -25, lines(line("Linen service, kg", "1105", "1.35")), true, 0, paidByCard},
	{"B-2007", "law", -43, -13, lines(line("Document management, 22 seats", "22", "39.00")), true, 0, paidByCard},
	{"B-2008", "museum", -38, -8, lines(line("Exhibition catering, opening night", "1", "4860.00")), false, 0, paidByBank},
	{"B-2009", "gym", -26, 4, lines(line("Treadmill maintenance", "14", "85.00"), line("Drive belt", "3", "119.00")), true, 0, partByCard},
	{"B-2010", "cafe", -23, 7, lines(line("Coffee subscription, kg", "30", "21.80")), true, 0, declinedOnce},
	{"B-2011", "museum", -19, 11, lines(line("Audio guide licences", "60", "18.00")), false, 0, hostedOpen},
	{"B-2012", "law", -17, 13, lines(line("E-discovery hosting, GB", "750", "1.20")), true, 0, onHold},
	{"B-2013", "hotel", -9, 21, lines(line("Booking engine, October", "1", "349.00"), line("Channel manager", "1", "120.00")), true, 0, leftOpen},
	{"B-2014", "gym", -15, 15, lines(line("Locker refit, deposit", "1", "950.00")), true, 0, voided},
	{"B-2015", "museum", 0, 30, lines(line("Climate monitoring, 9 rooms", "9", "55.00")), false, 0, leftDraft},
	{"B-2016", "law", 0, 45, lines(line("Security review", "1", "5200.00")), true, 0, leftDraft},
}
