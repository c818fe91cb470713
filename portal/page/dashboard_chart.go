package page

import (
	"strconv"

	"remit"
)

// Chart is what moved on each day in one currency, drawn by the server: a bar for
// what was collected and one for what was paid out, with the fees below the line.
type Chart struct {
	Currency string
	Days     []remit.DayFigure // every day, also those on which nothing moved
	Total    remit.DayFigure
	most     int64
}

// Charts makes one for each currency in which anything moved.
func Charts(moved []remit.DayFigure, from, until remit.Date) []Chart {
	var charts []Chart
	at := map[string]int{}
	for _, d := range moved {
		n, known := at[d.Currency]
		if !known {
			n = len(charts)
			at[d.Currency] = n
			chart := Chart{Currency: d.Currency, most: 1}
			for day := from; day.Compare(until) <= 0; day = day.AddDays(1) {
				chart.Days = append(chart.Days, remit.DayFigure{Day: day, Currency: d.Currency})
			}
			charts = append(charts, chart)
		}
		c := &charts[n]
		c.Total.Collected, c.Total.Fees, c.Total.PaidOut = c.Total.Collected+d.Collected, c.Total.Fees+d.Fees, c.Total.PaidOut+d.PaidOut
		for i := range c.Days {
			if c.Days[i].Day == d.Day {
				c.Days[i] = d
			}
		}
		c.most = max(c.most, d.Collected, d.PaidOut, d.Fees, -d.Collected, -d.PaidOut)
	}
	return charts
}

// Sizes of a chart, in its own units.
const (
	chartHeight = 120
	dayWidth    = 24
	barWidth    = 7
)

func (c Chart) viewBox() string {
	return "0 0 " + strconv.Itoa(len(c.Days)*dayWidth) + " " + strconv.Itoa(chartHeight+1)
}

// bar is one of the chart's rectangles.
type bar struct{ class, x, y, width, height string }

func (c Chart) bars() (bars []bar) {
	for n, d := range c.Days {
		for k, part := range []struct {
			class string
			value int64
		}{{"collected", d.Collected}, {"fees", d.Fees}, {"paid-out", d.PaidOut}} {
			if part.value <= 0 {
				continue // the table has it
			}
			height := max(1, int(part.value*chartHeight/c.most))
			bars = append(bars, bar{"bar " + part.class, strconv.Itoa(n*dayWidth + k*barWidth), strconv.Itoa(chartHeight - height), strconv.Itoa(barWidth - 1), strconv.Itoa(height)})
		}
	}
	return bars
}

func (c Chart) words() string {
	return "Collected " + Money(c.Total.Collected, c.Currency) + ", fees " + Money(c.Total.Fees, c.Currency) + ", paid out " + Money(c.Total.PaidOut, c.Currency) +
		" from " + c.Days[0].Day.Words() + " to " + c.Days[len(c.Days)-1].Day.Words() + "."
}

// moved are the days on which anything did.
func (c Chart) moved() (days []remit.DayFigure) {
	for _, d := range c.Days {
		if d.Collected != 0 || d.Fees != 0 || d.PaidOut != 0 {
			days = append(days, d)
		}
	}
	return days
}
