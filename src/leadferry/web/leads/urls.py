from django.urls import path
from django.views.generic import RedirectView

from leadferry.web.access import public
from leadferry.web.leads import (
    answers,
    duplicates,
    edit,
    held_back,
    merges,
    similar,
    views,
)

urlpatterns = [
    path("", public(RedirectView.as_view(pattern_name="leads"))),
    path("leads/", views.lead_list, name="leads"),
    path("leads/<int:lead_id>", views.lead_page, name="lead"),
    path("leads/values", views.filter_values, name="lead-filter-values"),
    path("leads/<int:lead_id>/edit", edit.edit_page, name="lead-edit"),
    path("leads/<int:lead_id>/compare/<int:other_id>", similar.compare, name="compare"),
    path(
        "leads/<int:lead_id>/not-duplicate/<int:other_id>",
        similar.not_duplicate,
        name="not-duplicate",
    ),
    path("leads/merge", merges.merge_page, name="merge"),
    path("leads/merges", merges.merge_list, name="merges"),
    path("leads/merges/<int:merge_id>/undo", merges.undo, name="merge-undo"),
    path(
        "leads/duplicates/groups/<int:group_id>/not",
        merges.not_duplicates,
        name="not-duplicates",
    ),
    path("leads/duplicates/<int:run_id>/merge", merges.merge_many, name="merge-many"),
    path(
        "leads/duplicates/<int:run_id>/undo", merges.undo_many, name="merge-many-undo"
    ),
    path("leads/duplicates", duplicates.duplicates, name="duplicates"),
    path("leads/duplicates/start", duplicates.start, name="duplicates-start"),
    path("leads/duplicates/<int:run_id>", duplicates.run_page, name="duplicate-run"),
    path(
        "leads/duplicates/<int:run_id>/cancel",
        duplicates.cancel,
        name="duplicate-run-cancel",
    ),
    path(
        "leads/duplicates/<int:run_id>/resume",
        duplicates.resume,
        name="duplicate-run-resume",
    ),
    path("leads/answers", answers.answer_list, name="answers"),
    path("leads/answers/settle", answers.settle_suggested, name="answers-settle"),
    path("leads/answers/new", answers.new_answer, name="answer-new"),
    path("leads/answers/<int:answer_id>", answers.answer_page, name="answer"),
    path(
        "leads/answers/<int:answer_id>/progress",
        answers.answer_progress,
        name="answer-progress",
    ),
    path("leads/held-back", held_back.held_back_list, name="held-back"),
    path("leads/held-back/again", held_back.try_again, name="try-again"),
    path("leads/held-back/discard", held_back.discard, name="discard"),
    path(
        "leads/held-back/<int:held_id>",
        held_back.held_back_page,
        name="held-back-one",
    ),
]
