"""The single GET and the journey for Locust: the same requests, checks and token as in Taster's
scenario files, with its fast client. PEERS_WORK says which."""
import os
import random
from datetime import datetime, timezone

from locust import FastHttpUser, constant, task

WORK = os.environ.get("PEERS_WORK", "journey")
EMAILS = ["user1@test.com", "user2@test.com", "user3@test.com"]


class Visitor(FastHttpUser):
    wait_time = constant(0)

    @task
    def visit(self):
        if WORK == "get":
            self.ask("GET", "/x", (200,), lambda answer: True)
        else:
            self.journey()

    def ask(self, method, path, statuses, holds, **more):
        with self.client.request(method, path, catch_response=True, **more) as answer:
            if answer.status_code not in statuses:
                answer.failure("status")
                return None
            if WORK == "get":
                return None
            body = answer.json()
            if not holds(body):
                answer.failure("check")
            return body

    def journey(self):
        login = {"email": random.choice(EMAILS), "password": "TestPassword123!"}
        body = self.ask("POST", "/api/auth/login", (200,), lambda b: "token" in b, json=login)
        if body is None:
            return
        headers = {
            "authorization": "Bearer " + body["token"],
            "content-type": "application/json",
        }
        today = datetime.now(timezone.utc).strftime("%Y-%m-%d")
        array = lambda b: isinstance(b, list)

        def get(path, holds):
            self.ask("GET", path, (200,), holds, headers=headers)

        get("/api/users/profile", lambda b: "id" in b)
        get("/api/meals?limit=10", array)
        get("/api/recommendations", array)
        get("/api/products?search=apple", array)
        meal = {"mealId": "meal-123", "date": today, "portion": 100}
        added = lambda b: "id" in b
        self.ask("POST", "/api/meal-plan/meals", (200, 201), added, json=meal, headers=headers)
        get("/api/nutrition/summary?date=" + today, lambda b: "calories" in b)
