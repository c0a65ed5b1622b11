"""Form fields in the looks of the pages."""

from django import forms


def dress(form: forms.BaseForm) -> None:
    """Give each input the class that the style sheet knows."""
    for name, field in form.fields.items():
        widget = field.widget
        if isinstance(widget, forms.CheckboxInput | forms.CheckboxSelectMultiple):
            widget.attrs["class"] = "form-check-input"
            continue
        kind = "form-select" if isinstance(widget, forms.Select) else "form-control"
        wrong = " is-invalid" if form.is_bound and form.has_error(name) else ""
        widget.attrs["class"] = f"{kind}{wrong}"
