"""Writes test/golden/workbooks with openpyxl 3.1.5 and XlsxWriter 3.3.1: workbooks and a CSV file as people have them.

python generate_workbooks.py
"""

import datetime
from pathlib import Path

import openpyxl
import xlsxwriter
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Alignment, Font

OUT = Path(__file__).parent.parent / "workbooks"
FIXED = datetime.datetime(2024, 3, 1)

TICKETS = [
    ("The invoice has the wrong address", "Please send it again with the address of our office.", "billing"),
    ("Parcel never arrived", "The tracking says delivered, but nobody has seen it.", "delivery"),
    ("Cannot log in", "The password reset link has expired twice now.", "account"),
    ("Charged twice", "My card shows two payments for the same order.", "billing"),
]


def save(book, name):
    book.properties.creator = "lowrank"
    book.properties.created = book.properties.modified = FIXED
    book.save(OUT / name)


def cover():
    """A cover sheet, a sheet with titles above its table, a hidden list of codes."""
    book = openpyxl.Workbook()
    front = book.active
    front.title = "Cover"
    front["B2"] = "Support tickets, first quarter"
    front["B2"].font = Font(size=18, bold=True)
    front.merge_cells("B2:E2")
    for row, (name, value) in enumerate(
        [("Author", "Anna Weber"), ("Exported", FIXED.date()), ("Purpose", "Sorting mails to the right team")], 4
    ):
        front.cell(row, 2, name)
        front.cell(row, 3, value)
    sheet = book.create_sheet("Tickets")
    sheet["A1"] = "Support tickets"
    sheet.merge_cells("A1:E1")
    sheet["A1"].alignment = Alignment(horizontal="center")
    sheet["A2"] = "confidential, do not pass on"
    for column, name in enumerate(["No.", "Received", "Subject line", "Mail", "Team"], 1):
        sheet.cell(4, column, name).font = Font(bold=True)
    for i in range(24):
        subject, mail, team = TICKETS[i % 4]
        sheet.append([1001 + i, FIXED + datetime.timedelta(days=i, hours=9 + i % 8), f"{subject} ({i})", mail, team])
        sheet.cell(5 + i, 2).number_format = "dd/mm/yyyy hh:mm"
    sheet.auto_filter.ref = "A4:E28"
    sheet.freeze_panes = "A5"
    codes = book.create_sheet("Codes")
    codes.sheet_state = "hidden"
    for code, team in enumerate(["billing", "delivery", "account"]):
        codes.append([code, team])
    save(book, "cover.xlsx")


def merged():
    """The label is merged over all rows of a group, a second row of names is below merged groups of columns."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Reviews"
    sheet.append(["Category", "Customer", None])
    sheet.merge_cells("B1:C1")
    sheet.append(["category", "comment", "stars"])
    row = 3
    for category, count in [("praise", 7), ("complaint", 9), ("question", 6)]:
        for i in range(count):
            sheet.cell(row + i, 2, f"a {category} of one customer, number {i}")
            sheet.cell(row + i, 3, 1 + i % 5)
        sheet.cell(row, 1, category)
        sheet.merge_cells(start_row=row, end_row=row + count - 1, start_column=1, end_column=1)
        row += count
    save(book, "merged.xlsx")


def values():
    """Dates, times, numbers, booleans, errors, and formulas with stored results, as Excel writes them."""
    with xlsxwriter.Workbook(OUT / "values.xlsx") as book:
        book.set_properties({"author": "lowrank", "created": FIXED})
        sheet = book.add_worksheet("Werte")
        formats = {
            name: book.add_format({"num_format": form})
            for name, form in {
                "day": "dd.mm.yyyy", "both": "d/m/yy h:mm", "time": "hh:mm:ss", "red": "[Red]#,##0.00;[Blue]-#,##0.00",
                "euro": '#,##0.00\\ [$€-407]', "month": 'mmmm "of" yyyy', "percent": "0.0%",
            }.items()
        }
        sheet.write_row(0, 0, ["text", "day", "both", "time", "month", "price", "amount", "share", "yes", "sum", "upper", "error"])
        for i in range(3):
            row = i + 1
            sheet.write_string(row, 0, f"row {i} & <more> “quotes” \U0001f600\nsecond line")
            sheet.write_datetime(row, 1, FIXED + datetime.timedelta(days=i), formats["day"])
            sheet.write_datetime(row, 2, FIXED + datetime.timedelta(days=i, minutes=870), formats["both"])
            sheet.write_datetime(row, 3, datetime.time(8, 30, i), formats["time"])
            sheet.write_datetime(row, 4, FIXED, formats["month"])
            sheet.write_number(row, 5, 1234.5 + i, formats["euro"])
            sheet.write_number(row, 6, 0.1 + 0.2, formats["red"])
            sheet.write_number(row, 7, 0.25, formats["percent"])
            sheet.write_boolean(row, 8, i % 2 == 0)
            sheet.write_formula(row, 9, f"=F{row + 1}*2", None, 2 * (1234.5 + i))
            sheet.write_formula(row, 10, f"=UPPER(I{row + 1})", None, ["ONE", "TWO", "THREE"][i])
            sheet.write_formula(row, 11, "=1/0", None, "#DIV/0!")


def unsolved():
    """Formulas whose results no spreadsheet has computed, and days counted from 1904."""
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    sheet = book.active
    sheet.append(["text", "label", "day"])
    for i in range(4):
        sheet.append([f"a sentence of row {i}", f'=IF({i}>1,"good","bad")', FIXED.date()])
    save(book, "unsolved.xlsx")


def right_to_left():
    """Arabic and Hebrew texts on a sheet that runs from right to left, with formatted words in a cell."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "تقييمات"
    sheet.sheet_view.rightToLeft = True
    sheet.append(["التعليق", "الفئة"])
    bold = InlineFont(b=True)
    rows = [
        (CellRichText("وصل الطرد ", TextBlock(bold, "متأخراً جداً"), " هذه المرة"), "شكوى"),
        ("الخدمة كانت ممتازة وسريعة", "مدح"),
        ("השירות היה מצוין, תודה רבה", "مدح"),
        ("לא קיבלתי את ההזמנה שלי (מס׳ 12)", "شكوى"),
    ]
    for i in range(20):
        sheet.append(rows[i % 4])
    save(book, "right-to-left.xlsx")


def cp1252():
    """What a German Excel saves as CSV: Windows-1252, semicolons, a title and an empty row above the names of columns."""
    lines = ["Kundenmeldungen 2024 – vertraulich;;", ";;", "Meldung;Zuständig;Betrag"]
    kinds = [("Rechnung über {} € ist „falsch“; bitte prüfen", "Buchhaltung"), ("Paket aus Köln fehlt, Straße gesperrt ({})", "Versand")]
    for i in range(24):
        text, team = kinds[i % 2]
        text = text.format(10 + i)
        quoted = f'"{text}"' if ";" in text else text
        lines.append(f"{quoted};{team};{10 + i},50")
    (OUT / "cp1252.csv").write_bytes(("\r\n".join(lines) + "\r\n").encode("cp1252"))


OUT.mkdir(exist_ok=True)
for write in [cover, merged, values, unsolved, right_to_left, cp1252]:
    write()
