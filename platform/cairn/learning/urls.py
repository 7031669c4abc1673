from django.urls import path

from cairn.learning import (
    activity_views,
    certificate_views,
    journal_views,
    map_views,
    mastery_views,
    plan_views,
    views,
)

app_name = "learning"
urlpatterns = [
    path("map", map_views.topic_map, name="map"),
    path("paths/<slug:slug>", views.path_page, name="path"),
    path("paths/<slug:slug>/enrolment", views.enrol, name="enrol"),
    path("paths/<slug:slug>/milestones/<slug:milestone>", views.milestone, name="milestone"),
    path("topics/<slug:slug>", views.lesson, name="lesson"),
    path("topics/<slug:slug>/reading", views.reading, name="reading"),
    path("topics/<slug:slug>/quiz", views.quiz, name="quiz"),
    path("topics/<slug:slug>/quiz/attempts", views.quiz_attempt, name="quiz-attempt"),
    path("exercises/<slug:slug>", views.exercise, name="exercise"),
    path("projects/<slug:slug>", views.project, name="project"),
    path("skill-maps/<slug:slug>", activity_views.skill_map, name="skill-map"),
    path("activities/<slug:slug>", activity_views.activity, name="activity"),
    path("notices/<slug:kind>/<slug:slug>", activity_views.put_away, name="put-away"),
    path("practice", mastery_views.practice, name="practice"),
    path("practice/exercises/<slug:slug>", mastery_views.practice_exercise, name="practice-exercise"),
    path("practice/exercises/<slug:slug>/check", mastery_views.practice_check, name="practice-check"),
    path("journal", journal_views.journal, name="journal"),
    path("journal/shared", journal_views.shared, name="journal-shared"),
    path("journal/<uuid:note_id>", journal_views.note, name="journal-note"),
    path("journal/<uuid:note_id>/edit", journal_views.edit, name="journal-edit"),
    path("journal/<uuid:note_id>/text/<slug:page>", journal_views.autosave, name="journal-text"),
    path("journal/<uuid:note_id>/deletion", journal_views.deletion, name="journal-deletion"),
    path("journal/<uuid:note_id>/images/<uuid:image_id>", journal_views.image, name="journal-image"),
    path("certificates", certificate_views.certificates, name="certificates"),
    path("certificates/verify", certificate_views.verify, name="certificate-verify"),
    path("certificates/issuer", certificate_views.issuer, name="certificate-issuer"),
    path("certificates/keys", certificate_views.keys, name="certificate-keys"),
    path("certificates/keys/<slug:thumbprint>", certificate_views.key, name="certificate-key"),
    path("certificates/revocations", certificate_views.revocations, name="certificate-revocations"),
    path("certificates/<uuid:certificate_id>", certificate_views.certificate, name="certificate"),
    path("certificates/<uuid:certificate_id>.pdf", certificate_views.certificate_pdf, name="certificate-pdf"),
    path(
        "certificates/<uuid:certificate_id>.jwt", certificate_views.certificate_token, name="certificate-jwt"
    ),
    path(
        "certificates/<uuid:certificate_id>.svg", certificate_views.certificate_badge, name="certificate-svg"
    ),
    path("certificates/<uuid:certificate_id>/withdrawal", certificate_views.withdrawal, name="withdrawal"),
    path("plan", plan_views.plan, name="plan"),
    path("plan/moves", plan_views.plan_move, name="plan-move"),
    path("plan/days-off", plan_views.plan_days_off, name="plan-days-off"),
    path("plan/week", plan_views.plan_week, name="plan-week"),
    path("plan/pace", plan_views.plan_pace, name="plan-pace"),
    path("plan/address", plan_views.plan_address, name="plan-address"),
    path("plan/<str:token>.ics", plan_views.plan_feed, name="plan-feed"),
]
